import { safeParse, z } from 'zod';
import type { Stage } from '../../stage/define.ts';
import { evaluateNode, type Fault } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import type { Json } from '../../workflow/json.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import { describeIssue } from '../../workflow/validate.ts';
import { child, nodeAt } from '../../workflow/yaml/node.ts';
import type { StageShape } from '../expand/stage-shape.ts';

export type Parameters = { readonly [key: string]: Json };

/**
 * `with`, read by the stage's schema, with its defaults; strings may hold marks. What comes to null, as a parameter of the
 * workflow may that is for other workflows to fill, counts as not given. Undefined after a fault.
 */
export function readParameters(shape: StageShape, stage: Stage, scope: Scope, fault: Fault): Parameters | undefined {
  const node = child(shape.node, 'with');
  const written = node ? evaluateNode(node, scope, fault) : {};
  if (written === undefined) return undefined;
  const given = withoutNulls(written as Parameters, stage);
  const known = Object.keys(stage.params.shape);
  let fine = true;
  for (const name of Object.keys(written as Parameters)) {
    if (known.includes(name)) continue;
    fine = false;
    const key = node?.kind === 'map' ? node.entries.get(name)!.key : shape.key;
    fault(key, `${stage.name} has no parameter '${name}'`, didYouMean(name, known) ?? 'it takes no parameters');
  }
  const result = stage.params.safeParse(given);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const [name] = issue.path;
      if (issue.code === 'unrecognized_keys' && issue.path.length === 0) continue;
      fine = false;
      const missing = name !== undefined && issue.path.length === 1 && !Object.hasOwn(given, name);
      if (missing)
        fault(
          shape.key,
          `${stage.name} needs the parameter '${String(name)}'`,
          stage.params.shape[String(name)]?.description,
        );
      else
        fault(
          node ? nodeAt(node, issue.path) : shape.key,
          `${issue.path.join('.')}: ${describeIssue(issue, valueAt(given, issue.path))}`,
        );
    }
  }
  return fine && result.success ? (plainJson(result.data) as Parameters) : undefined;
}

/** A null that the stage's schema knows stays. */
function withoutNulls(parameters: Parameters, { params }: Stage): Parameters {
  const isGiven = ([name, value]: readonly [string, Json]) =>
    value !== null || safeParse(params.shape[name] ?? z.never(), null).success;
  return Object.fromEntries(Object.entries(parameters).filter(isGiven));
}

function valueAt(value: Json, path: readonly PropertyKey[]): Json {
  return path.reduce<Json>(
    (at, part) => (at !== null && typeof at === 'object' ? ((at as Record<PropertyKey, Json>)[part] ?? null) : null),
    value,
  );
}

/** Without members that are undefined. */
const plainJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json;
