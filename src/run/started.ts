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
  const groups = new Map<string, { axes: readonly string[]; instances: string[]; number: number }>();
  const edges: (readonly [producer: string, consumer: string])[] = [];
  /** Pairs of groups by number: one set for all, since a workflow may have as many stages as instances. */
  const joined = new Set<number>();
  for (const { index, stage, id, matrix, dependsOn } of plan.instances) {
    if (!needed[index]) continue;
    let group = groups.get(stage);
    if (!group) {
      group = { axes: Object.keys(matrix), instances: [], number: groups.size };
      groups.set(stage, group);
    }
    group.instances.push(id);
    for (const on of dependsOn) {
      const producer = plan.instances[on]!.stage;
      const from = groups.get(producer);
      // What only a frozen instance would read is not part of the run.
      if (!from) continue;
      const pair = from.number * plan.instances.length + group.number;
      if (joined.has(pair)) continue;
      joined.add(pair);
      edges.push([producer, stage]);
    }
  }
  return { groups: Array.from(groups, ([stage, { axes, instances }]) => ({ stage, axes, instances })), edges };
}
