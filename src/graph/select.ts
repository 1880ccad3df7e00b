/** Which instances the words of a command line stand for. */
import { closest, distance } from 'fastest-levenshtein';
import { instanceMatcher, parseInstanceId } from './instance-pattern.ts';
import type { Plan } from './plan.ts';

export type Selection =
  | { readonly ok: true; readonly instances: ReadonlySet<number> }
  /** One sentence for each word that stands for nothing. */
  | { readonly ok: false; readonly messages: readonly string[] };

/**
 * Instances that the patterns ask for, without what those need; see `instanceMatcher`. `+` in front of a pattern
 * (`+tokenizer`) adds all that follows from it.
 */
export function selectInstances(plan: Plan, patterns: readonly string[]): Selection {
  const instances = new Set<number>();
  const messages: string[] = [];
  for (const word of patterns) {
    const pattern = word.replace(/^\+/, '');
    const matches = instanceMatcher(pattern);
    const found = plan.instances.filter(({ id }) => matches(id)).map(({ index }) => index);
    if (found.length === 0) messages.push(noMatch(plan, pattern));
    for (const index of pattern === word ? found : withFollowers(plan, found)) instances.add(index);
  }
  return messages.length > 0 ? { ok: false, messages } : { ok: true, instances };
}

function withFollowers(plan: Plan, found: readonly number[]): ReadonlySet<number> {
  const reached = new Set(found);
  for (const { index, dependsOn } of plan.instances) {
    if (dependsOn.some((dependency) => reached.has(dependency))) reached.add(index);
  }
  return reached;
}

function noMatch(plan: Plan, pattern: string): string {
  const { stage, axes } = parseInstanceId(pattern);
  const matchesStage = instanceMatcher(stage);
  const ids = plan.instances.map(({ id }) => id).filter(matchesStage);
  if (ids.length === 0) return `no stage ${stage} in ${plan.name}${suggestion(stage, plan)}`;
  const known = [...parseInstanceId(ids[0]!).axes.keys()];
  if (known.length === 0) return `${stage} has no matrix: ask for ${stage} alone`;
  const unknown = [...axes.keys()].find((axis) => !known.includes(axis));
  if (unknown !== undefined) return `${stage} has no axis ${unknown}: it has ${known.join(', ')}`;
  return `no instance ${pattern}: there are ${ids.length}, from ${ids[0]} to ${ids.at(-1)}`;
}

function suggestion(name: string, plan: Plan): string {
  const stages = [...new Set(plan.instances.map(({ stage }) => stage))];
  if (stages.length === 0) return ', which has no stages';
  const nearest = closest(name, stages);
  if (distance(name, nearest) <= Math.max(2, name.length / 3)) return `: did you mean ${nearest}?`;
  return `: \`kumiki graph ${plan.file}\` lists them`;
}
