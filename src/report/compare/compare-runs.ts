import type { Manifest } from '../../store/result.ts';
import type { Json } from '../../workflow/json.ts';
import type { RunReport, StageReport } from '../gather/run-report.ts';
import { type Plain, plainValues } from '../plain-values.ts';

/** Runs side by side: every list of values has one for each run, undefined where a run has none. */
export interface Comparison {
  readonly runs: readonly string[];
  /** Parameters of the workflow that are not the same in all runs. */
  readonly params: readonly Row[];
  readonly stages: readonly StageComparison[];
  /** What decided that results differ: parts of recipes, configurations and sources, not what follows from them. */
  readonly causes: readonly Cause[];
  /** Last values of metrics, and numbers in the outputs that stages declare worth reading. */
  readonly metrics: readonly (Row & { readonly instance: string })[];
}

export interface Row {
  readonly name: string;
  readonly values: readonly (Plain | undefined)[];
}

export interface Cause extends Row {
  readonly stage: string;
  /** In how many instances. */
  readonly instances: number;
}

/** Instances of a stage: in all runs with equal keys, in all with keys that differ, or not in all. */
export interface StageComparison {
  readonly stage: string;
  readonly shared: number;
  readonly differing: number;
  readonly partial: number;
}

export function compareRuns(reports: readonly RunReport[]): Comparison {
  const stageNames = [...new Set(reports.flatMap(({ stages }) => stages.map(({ stage }) => stage)))];
  const stages = stageNames.map((stage) => sideBySide(stage, reports));
  return {
    runs: reports.map(({ run }) => run.name ?? run.id),
    params: differences(reports.map(({ facts }) => new Map(plainValues(facts.params ?? {})))),
    stages: stages.map(compareStage),
    causes: stages.flatMap((stage) => causesIn(stage)),
    metrics: stages.flatMap(({ instances }) => [...instances].flatMap(([id, columns]) => metricsOf(id, columns))),
  };
}

type Instance = StageReport['instances'][number];
type Columns = readonly (Instance | undefined)[];

interface SideBySide {
  readonly stage: string;
  readonly instances: ReadonlyMap<string, Columns>;
}

function sideBySide(stage: string, reports: readonly RunReport[]): SideBySide {
  const columns = reports.map(({ stages }) => {
    const instances = stages.find((one) => one.stage === stage)?.instances ?? [];
    return new Map(instances.map((instance) => [instance.id, instance]));
  });
  const ids = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return { stage, instances: new Map(ids.map((id) => [id, columns.map((column) => column.get(id))])) };
}

function compareStage({ stage, instances }: SideBySide): StageComparison {
  const standings = [...instances.values()].map(standing);
  const count = (wanted: string) => standings.filter((one) => one === wanted).length;
  return { stage, shared: count('shared'), differing: count('differing'), partial: count('partial') };
}

function standing(columns: Columns): 'shared' | 'differing' | 'partial' {
  const keys = columns.map((column) => column?.manifest?.key);
  if (keys.includes(undefined)) return 'partial';
  return new Set(keys).size === 1 ? 'shared' : 'differing';
}

function causesIn({ stage, instances }: SideBySide): Cause[] {
  const causes = new Map<string, Cause>();
  for (const columns of instances.values()) {
    if (standing(columns) !== 'differing') continue;
    for (const { name, values } of differences(columns.map((column) => decidersOf(column!.manifest!)))) {
      const id = JSON.stringify([name, values]);
      causes.set(id, { stage, name, values, instances: (causes.get(id)?.instances ?? 0) + 1 });
    }
  }
  return [...causes.values()];
}

/** Everything that a result's key was made of, save what other stages gave. */
function decidersOf({ inputs, recipe }: Manifest): ReadonlyMap<string, Plain> {
  const fromOutside = inputs.flatMap(({ name, digests, from, keys, values }) =>
    digests.flatMap((digest, item): (readonly [string, Plain])[] => {
      if (keys[item]) return [];
      const value = values?.[item];
      if (value !== undefined && value !== null) return plainValues(value, name);
      return [[`${name}: ${from[item]}`, digest.slice(0, 'sha256:'.length + 12)]];
    }),
  );
  return new Map([...plainValues(recipe), ...fromOutside]);
}

function differences(columns: readonly ReadonlyMap<string, Plain>[]): Row[] {
  return rowsOf(columns).filter(({ values }) => new Set(values).size > 1);
}

function rowsOf(columns: readonly ReadonlyMap<string, Plain>[]): Row[] {
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  return names.map((name) => ({ name, values: columns.map((column) => column.get(name)) }));
}

function metricsOf(instance: string, columns: Columns): Comparison['metrics'] {
  return rowsOf(columns.map((column) => (column ? numbersOf(column) : new Map()))).map((row) => ({ instance, ...row }));
}

function numbersOf({ manifest, shown }: Instance): ReadonlyMap<string, Plain> {
  const read = shown
    .filter(({ as }) => as === 'json')
    .flatMap(({ text }) => plainValues(JSON.parse(text) as Json).filter(([, value]) => typeof value === 'number'));
  return new Map<string, Plain>([...Object.entries(manifest?.metrics ?? {}), ...read]);
}
