import type { Stage } from '../../stage/define.ts';
import { canonicalJson, type Json } from '../../workflow/json.ts';
import type { Hole, Instance, Text, Value } from '../plan.ts';
import type { Parameters } from './parameters.ts';

interface Consumed {
  readonly env: Readonly<Record<string, Text>>;
  readonly outputs: Instance['outputs'];
}

/** Of a script: the text before substitution, and what its expressions came to (paths by input, not by place). */
export function scriptRecipe(script: string, holes: readonly Hole[], { env, outputs }: Consumed): string {
  return canonicalJson({ run: script, values: holes.map(({ words }) => words) as Json, env: env as Json, outputs });
}

/** Of a stage: name, version, and `what` of its parameters. */
export function stageRecipe(stage: Stage, what: Value, { env, outputs }: Consumed): string {
  return canonicalJson({ uses: stage.name, version: stage.version, with: what as Json, env: env as Json, outputs });
}

/** The parameters that decide the result: the stage's own identity of them, else all that do not only say how. */
export function decisive(stage: Stage, parameters: Parameters): Json {
  const identity = stage.identity?.(parameters as never) as Json | undefined;
  if (identity !== undefined) return identity;
  const how: readonly string[] = stage.how ?? [];
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !how.includes(name)));
}

/** What identifies unfinished work: not the version, so that an upgrade continues it. */
export function resumeOf(stage: Stage, parameters: Instance['with']): Instance['resume'] | undefined {
  if (!stage.resume) return undefined;
  const chosen = Object.fromEntries(stage.resume.params.map((name) => [name, parameters[name] ?? null]));
  return { recipe: canonicalJson({ uses: stage.name, with: chosen as Json }), inputs: stage.resume.inputs };
}
