import type { Fault } from '../../workflow/evaluate-node.ts';
import { catchFault, templateOf } from '../../workflow/evaluate-node.ts';
import { evaluateExpression, type Scope } from '../../workflow/expressions/evaluate.ts';
import type { Expression } from '../../workflow/expressions/template.ts';
import { toText } from '../../workflow/expressions/values.ts';
import type { Json } from '../../workflow/json.ts';
import { type FoundExpression, type ScannedScript, scanScript } from '../../workflow/script/scan.ts';
import { placeWithin, type ScalarNode } from '../../workflow/yaml/node.ts';

/** A script cut at the expressions that are filled in; those in comments stay as they are. */
export interface CutScript extends ScannedScript {
  readonly parts: readonly (string | ScriptExpression)[];
}

interface ScriptExpression {
  readonly expression: Expression;
  readonly found: FoundExpression;
}

/** Undefined after a fault: an expression that does not parse, or stands where a quoted word is not safe. */
export function cutScript(node: ScalarNode, fault: Fault): CutScript | undefined {
  const template = templateOf(node, fault);
  if (!template) return undefined;
  const script = String(node.value);
  const spans = template.filter((part) => typeof part !== 'string').map(({ outer: [start, end] }) => ({ start, end }));
  const scanned = scanScript(script, spans);
  let fine = true;
  for (const found of scanned.expressions) {
    const complaint = complaintAbout(found, script);
    if (!complaint) continue;
    fine = false;
    fault(placeWithin(node, found.start, found.end), ...complaint);
  }
  if (!fine) return undefined;
  const byStart = new Map(scanned.expressions.map((found) => [found.start, found]));
  const parts = template.map((part) => {
    if (typeof part === 'string') return part;
    const found = byStart.get(part.outer[0])!;
    return found.within === 'comment' ? script.slice(...part.outer) : { expression: part, found };
  });
  return { ...scanned, parts };
}

function complaintAbout(found: FoundExpression, script: string): [message: string, hint: string] | undefined {
  const expression = script.slice(found.start, found.end);
  switch (found.within) {
    case 'word':
    case 'comment':
      return undefined;
    case 'single quotes':
    case 'double quotes':
      return [
        `this expression is inside ${found.within}`,
        `its value arrives quoted; write it outside: ${unquoted(found, script)}`,
      ];
    case 'backticks':
      return ['this expression is inside backticks', `write $(…) instead, as in $(cat ${expression})`];
    case 'here-document':
      return [
        'this expression is inside a here-document',
        `write printf '%s\\n' ${expression}, or give the value as env`,
      ];
    case 'escape':
      return [
        'this expression follows a backslash or a dollar sign',
        'remove that character; the value arrives quoted',
      ];
    default:
      return [
        `this expression is inside ${found.within === 'arithmetic' ? 'arithmetic' : 'a parameter expansion'}`,
        `assign it first: value=${expression}`,
      ];
  }
}

/** `"a/${{ x }}.txt"` as `"a/"${{ x }}".txt"`. */
function unquoted({ start, end, quoted }: FoundExpression, script: string): string {
  const expression = script.slice(start, end);
  if (!quoted || script.slice(quoted.start, quoted.end).includes('\n')) return expression;
  const quote = script[quoted.end - 1]!;
  const before = script.slice(quoted.start, start);
  const after = script.slice(end, quoted.end);
  return `${before.length > 1 ? before + quote : ''}${expression}${after.length > 1 ? quote + after : ''}`;
}

/** The words of every expression, still with marks; undefined after a fault. */
export function evaluateScript(
  node: ScalarNode,
  cut: CutScript,
  scope: Scope,
  fault: Fault,
): (string | string[])[] | undefined {
  const parts = cut.parts.map((part) =>
    typeof part === 'string'
      ? part
      : catchFault(node, fault, () => wordsOf(node, part, evaluateExpression(part.expression, scope), fault)),
  );
  return parts.includes(undefined) ? undefined : (parts as (string | string[])[]);
}

function wordsOf(
  node: ScalarNode,
  { expression, found }: ScriptExpression,
  value: Json,
  fault: Fault,
): string[] | undefined {
  const complain = (message: string, hint: string) => {
    fault(placeWithin(node, ...expression.outer), message, hint);
    return undefined;
  };
  if (!Array.isArray(value)) {
    if (value === null || typeof value !== 'object') return [toText(value)];
    return complain('an object cannot be a word of a script', 'write one of its members, or toJSON(…)');
  }
  if (found.attached) {
    return complain(
      'a list is part of a word here',
      'it stands for several words: put spaces around it, or write join(…)',
    );
  }
  const odd = value.find((item: Json) => item !== null && typeof item === 'object');
  if (odd !== undefined) return complain('this list holds more than texts and numbers', 'write toJSON(…)');
  return value.map(toText);
}
