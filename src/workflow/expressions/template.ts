import type { Expr } from '@actions/expressions/ast';
import { ExpressionFault } from './fault.ts';
import { parseExpression } from './parse-expression.ts';

/** A scalar's text, cut at its `${{ }}`. */
export type Template = readonly (string | Expression)[];

export interface Expression {
  readonly tree: Expr;
  /** The text between the braces, and where it and the whole `${{ }}` lie in the scalar's value. */
  readonly text: string;
  readonly start: number;
  readonly outer: readonly [start: number, end: number];
  /** Offset of each token within `text`. */
  readonly offsetOf: (token: object) => number | undefined;
}

export const hasExpression = (text: string) => text.includes('${{');

/** Cuts a text; throws a fault whose range counts from the start of the text. */
export function parseTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (let open = text.indexOf('${{'); open !== -1; open = text.indexOf('${{', at)) {
    if (open > at) parts.push(text.slice(at, open));
    const close = closingBraces(text, open + 3);
    if (close === undefined)
      throw new ExpressionFault('this expression is not closed', 'end it with }}', [open, open + 3]);
    parts.push(parseExpression(text.slice(open + 3, close), open + 3));
    at = close + 2;
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at));
  return parts;
}

/** Braces inside a quoted string do not close. */
function closingBraces(text: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") quoted = !quoted;
    else if (!quoted && text.startsWith('}}', at)) return at;
  }
  return undefined;
}
