import { hostname } from 'node:os';
import type { Json, Plan } from '../graph/plan.ts';
import { version } from '../version.ts';
import { environment } from './environment.ts';
import { eventFormat, type RunStarted } from './events.ts';
import type { RunOptions } from './run.ts';
import type { Amounts } from './schedule/pools.ts';

/** What `run.json` says. */
export function runFacts(plan: Plan, options: RunOptions): { readonly [name: string]: Json } {
  return {
    ...(options.name !== undefined && { name: options.name }),
    workflow: plan.file,
    root: plan.root,
    arguments: options.arguments ?? [],
    overrides: plan.overrides,
    params: plan.params,
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    kumiki: version,
    environment: environment(plan.root),
  };
}

/** First line of the run's events. */
export function runStarted(
  plan: Plan,
  options: RunOptions,
  run: string,
  limits: Amounts,
  needed: Uint8Array,
): RunStarted {
  return {
    type: 'run-started',
    format: eventFormat,
    run,
    ...(options.name !== undefined && { name: options.name }),
    title: plan.name,
    workflow: plan.file,
    root: plan.root,
    pid: process.pid,
    host: hostname(),
    kumiki: version,
    arguments: options.arguments ?? [],
    limits,
    ...selectedGraph(plan, needed),
  };
}

function selectedGraph(plan: Plan, needed: Uint8Array): Pick<RunStarted, 'groups' | 'edges'> {
  const groups = new Map<string, { axes: readonly string[]; instances: string[]; producers: Set<string> }>();
  for (const { index, stage, id, matrix, dependsOn } of plan.instances) {
    if (!needed[index]) continue;
    let group = groups.get(stage);
    if (!group) {
      group = { axes: Object.keys(matrix), instances: [], producers: new Set() };
      groups.set(stage, group);
    }
    group.instances.push(id);
    for (const on of dependsOn) group.producers.add(plan.instances[on]!.stage);
  }
  return {
    groups: [...groups].map(([stage, { axes, instances }]) => ({ stage, axes, instances })),
    edges: [...groups].flatMap(([stage, { producers }]) =>
      [...producers].map((producer) => [producer, stage] as const),
    ),
  };
}
