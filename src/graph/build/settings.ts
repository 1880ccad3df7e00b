/** What a stage says about its running: nothing of it is part of the key. */
import type { Stage } from '../../stage/define.ts';
import { evaluateNode, type Fault } from '../../workflow/evaluate-node.ts';
import type { Scope } from '../../workflow/expressions/evaluate.ts';
import { didYouMean } from '../../workflow/nearest.ts';
import type { SlurmSettings } from '../../workflow/settings.ts';
import { formatAmount, parseDuration, parseSize } from '../../workflow/units.ts';
import { child, entriesOf, type Node } from '../../workflow/yaml/node.ts';
import type { Instance } from '../plan.ts';

type Settings = Pick<
  Instance,
  'resources' | 'retry' | 'timeoutMs' | 'temp' | 'frozen' | 'always' | 'executor' | 'slurm'
>;

/** Evaluates a node and reads it; what does not read is a fault that says what was expected. */
function reading<T>(
  node: Node | undefined,
  scope: Scope,
  fault: Fault,
  expected: string,
  read: (value: unknown) => T | undefined,
) {
  const value = node && evaluateNode(node, scope, fault);
  if (!node || value === undefined) return undefined;
  const result = read(value);
  if (result === undefined) fault(node, `expected ${expected}, found ${JSON.stringify(value)}`);
  return result;
}

const readAmount = (value: unknown): number | undefined => {
  const amount =
    typeof value === 'string' ? (parseSize(value) ?? (value.trim() === '' ? undefined : Number(value))) : value;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
};
const readFlag = (value: unknown) => (typeof value === 'boolean' ? value : undefined);
const readDuration = (value: unknown) => (typeof value === 'string' ? parseDuration(value) : undefined);
const readFrom = (least: number, whole: boolean) => (value: unknown) =>
  typeof value === 'number' && value >= least && (!whole || Number.isInteger(value)) ? value : undefined;

/** Amounts by pool: of `limits` or of `resources`. Memory and other sizes in bytes. */
export function readAmounts(node: Node | undefined, scope: Scope, fault: Fault): Record<string, number> {
  const amounts: Record<string, number> = {};
  for (const [name, { value }] of entriesOf(node)) {
    const amount = reading(value, scope, fault, 'an amount that is not negative, such as 4 or 2GiB', readAmount);
    if (amount !== undefined) amounts[name] = amount;
  }
  return amounts;
}

export function readSettings(
  stage: Node,
  definition: Stage | undefined,
  limits: Readonly<Record<string, number>>,
  scope: Scope,
  fault: Fault,
): Settings {
  const flag = <N extends 'temp' | 'frozen' | 'always'>(name: N): { readonly [F in N]?: true } =>
    reading(child(stage, name), scope, fault, 'true or false', readFlag)
      ? ({ [name]: true } as { [F in N]: true })
      : {};
  const flags = { ...flag('temp'), ...flag('frozen'), ...flag('always') };
  if (flags.frozen && flags.always) {
    fault(
      child(stage, 'frozen')!,
      'frozen and always contradict each other',
      'frozen never runs, always runs each time',
    );
  }
  const retry = child(stage, 'retry');
  const timeoutMs = reading(child(stage, 'timeout'), scope, fault, 'a duration such as 90s, 10m or 12h', readDuration);
  const slurm = readSlurm(child(stage, 'slurm'), scope, fault);
  const executor = reading(child(stage, 'executor'), scope, fault, 'a text', (value) =>
    typeof value === 'string' ? value : undefined,
  );
  return {
    resources: readResources(child(stage, 'resources'), definition, limits, scope, fault),
    retry: {
      attempts: reading(child(retry, 'attempts'), scope, fault, 'a whole number from 1', readFrom(1, true)) ?? 1,
      delayMs: reading(child(retry, 'delay'), scope, fault, 'a duration such as 10s', readDuration) ?? 0,
      backoff: reading(child(retry, 'backoff'), scope, fault, 'a number from 1', readFrom(1, false)) ?? 1,
    },
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...flags,
    ...(executor !== undefined && { executor }),
    ...(slurm && { slurm }),
  };
}

/** The schema has checked its shape; what its expressions give is looked at here. */
export function readSlurm(node: Node | undefined, scope: Scope, fault: Fault): SlurmSettings | undefined {
  if (!node) return undefined;
  const settings: Record<string, unknown> = {};
  for (const [name, { value }] of entriesOf(node)) {
    const read = name === 'flags' ? (flags: unknown) => flags : name === 'arrayLimit' ? readFrom(1, true) : readWord;
    const setting = reading(value, scope, fault, 'a name or number as Slurm takes it, in one word', read);
    if (setting !== undefined) settings[name] = setting;
  }
  return settings;
}

const readWord = (value: unknown) => (typeof value === 'string' && /^\S+$/.test(value) ? value : undefined);

function readResources(
  node: Node | undefined,
  definition: Stage | undefined,
  limits: Readonly<Record<string, number>>,
  scope: Scope,
  fault: Fault,
): Readonly<Record<string, number>> {
  const asked = readAmounts(node, scope, fault);
  for (const [name, { key, value }] of entriesOf(node)) {
    const amount = asked[name];
    const limit = limits[name];
    if (limit === undefined && !machinePools.includes(name)) {
      fault(key, `limits has no pool '${name}'`, didYouMean(name, [...Object.keys(limits), ...machinePools]));
    } else if (amount !== undefined && limit !== undefined && amount > limit) {
      fault(
        value,
        `this asks for ${formatAmount(name, amount)} ${name}; limits.${name} is ${formatAmount(name, limit)}`,
        `lower it, or raise limits.${name}`,
      );
    }
  }
  const defaults = Object.entries(definition?.resources ?? {})
    .filter(([name]) => name === 'cpu' || name === 'memory' || limits[name] !== undefined)
    .map(([name, amount]) => [name, Math.min(readAmount(amount) ?? 0, limits[name] ?? Number.POSITIVE_INFINITY)]);
  return { ...Object.fromEntries(defaults), ...asked };
}

/** What needs no limit: a cluster counts GPUs itself, and this machine has none unless `limits` says so. */
const machinePools = ['cpu', 'memory', 'gpu'];
