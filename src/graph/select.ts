/** Which instances the words of a command line stand for. */
import { closest, distance } from 'fastest-levenshtein';
import type { Instance, Json, Plan } from './plan.ts';

export type Selection =
  | { readonly ok: true; readonly instances: ReadonlySet<number> }
  /** One sentence for each word that stands for nothing. */
  | { readonly ok: false; readonly messages: readonly string[] };

/**
 * Instances that the patterns ask for, without what those need. A pattern is a stage (`convert`), a glob of stages
 * (`train-*`), an instance or some of a matrix (`data[shard=3]`, `data[subword=char*]`); `+` in front adds all that follows from it.
 */
export function selectInstances(plan: Plan, patterns: readonly string[]): Selection {
  const instances = new Set<number>();
  const messages: string[] = [];
  for (const pattern of patterns) {
    const found = matchPattern(plan, pattern.replace(/^\+/, ''));
    if (found.length === 0) messages.push(noMatch(plan, pattern.replace(/^\+/, '')));
    for (const index of pattern.startsWith('+') ? withFollowers(plan, found) : found) instances.add(index);
  }
  return messages.length > 0 ? { ok: false, messages } : { ok: true, instances };
}

function matchPattern(plan: Plan, pattern: string): number[] {
  const exact = plan.instances.find(({ id }) => id === pattern);
  if (exact) return [exact.index];
  const { stage, axes } = parsePattern(pattern);
  const matchesStage = globMatcher(stage);
  const filters = axes.map(({ axis, value }) => ({ axis, matches: globMatcher(value) }));
  return plan.instances
    .filter(
      (instance) =>
        matchesStage(instance.stage) &&
        filters.every(({ axis, matches }) => Object.hasOwn(instance.matrix, axis) && matches(shown(instance, axis))),
    )
    .map(({ index }) => index);
}

/** What stands between the brackets is split at each comma that begins another `axis=`: a value may hold commas itself. */
function parsePattern(pattern: string): { stage: string; axes: readonly { axis: string; value: string }[] } {
  const parts = /^([^[]*)\[(.*)\]$/s.exec(pattern);
  if (!parts) return { stage: pattern, axes: [] };
  const axes = parts[2]!.split(/,(?=[\w-]+=)/).map((part) => {
    const [axis = '', ...value] = part.split('=');
    return { axis: axis.trim(), value: value.join('=').trim() };
  });
  return { stage: parts[1]!, axes };
}

function globMatcher(glob: string): (text: string) => boolean {
  if (!/[*?]/.test(glob)) return (text) => text === glob;
  const source = glob
    .replace(/[\\^$.+|()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}

function shown(instance: Instance, axis: string): string {
  const value = instance.matrix[axis] as Json;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function withFollowers(plan: Plan, found: readonly number[]): ReadonlySet<number> {
  const reached = new Set(found);
  for (const { index, dependsOn } of plan.instances) {
    if (dependsOn.some((dependency) => reached.has(dependency))) reached.add(index);
  }
  return reached;
}

function noMatch(plan: Plan, pattern: string): string {
  const { stage, axes } = parsePattern(pattern);
  const stages = [...new Set(plan.instances.map((instance) => instance.stage))];
  const matching = plan.instances.filter((instance) => globMatcher(stage)(instance.stage));
  if (matching.length === 0) return `no stage ${stage} in ${plan.name}${suggestion(stage, stages, plan)}`;
  const axis = axes.find((one) => !matching.some((instance) => Object.hasOwn(instance.matrix, one.axis)));
  const known = Object.keys(matching[0]!.matrix);
  if (axis) {
    return known.length === 0
      ? `${stage} has no matrix: ask for ${stage} alone`
      : `${stage} has no axis ${axis.axis || pattern}: it has ${known.join(', ')}`;
  }
  const [first, last] = [matching[0]!.id, matching.at(-1)!.id];
  return `no instance ${pattern}: there are ${matching.length}, from ${first} to ${last}`;
}

function suggestion(name: string, stages: readonly string[], plan: Plan): string {
  if (stages.length === 0) return ', which has no stages';
  const nearest = closest(name, stages);
  if (distance(name, nearest) <= Math.max(2, name.length / 3)) return `: did you mean ${nearest}?`;
  return `: \`kumiki graph ${plan.file}\` lists them`;
}
