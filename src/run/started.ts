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
  const groups = new Map<string, { axes: readonly string[]; instances: string[] }>();
  const edges = new Map<string, readonly [string, string]>();
  for (const { index, stage, id, matrix, dependsOn } of plan.instances) {
    if (!needed[index]) continue;
    const group = groups.get(stage) ?? { axes: Object.keys(matrix), instances: [] };
    groups.set(stage, group);
    group.instances.push(id);
    for (const on of dependsOn) {
      const producer = plan.instances[on]!.stage;
      edges.set(`${producer}\0${stage}`, [producer, stage]);
    }
  }
  return {
    groups: [...groups].map(([stage, group]) => ({ stage, ...group })),
    edges: [...edges.values()],
  };
}
