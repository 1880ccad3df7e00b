import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createLocalExecutor } from '../../src/executors/local/local.ts';
import type { Instance, Plan, Source, Text } from '../../src/graph/plan.ts';
import type { InstanceFinished, RunEvent, RunFinished } from '../../src/run/events.ts';
import { type Run, type RunOptions, startRun } from '../../src/run/run.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openSources } from '../../src/store/sources.ts';
import type { Sources, Store } from '../../src/store/store.ts';
import { planOf, type Sketch } from './plans.ts';

export interface Workspace {
  readonly root: string;
  readonly store: Store;
  readonly sources: Sources;
  write(path: string, text: string): void;
  read(path: string): string;
  plan(sketches: readonly Sketch[], rest?: Partial<Plan>): Plan;
  start(plan: Plan, options?: Partial<RunOptions>): Started;
}

export interface Started extends Run {
  readonly events: readonly RunEvent[];
  /** Resolves with the first event, past or to come, of which this is true. */
  event<T extends RunEvent['type']>(type: T, instance?: string): Promise<RunEvent & { type: T }>;
  /** Resolves with the result, and how each instance ended. */
  readonly ended: Promise<Ended>;
}

export interface Ended extends RunFinished {
  readonly states: Readonly<Record<string, InstanceFinished['state']>>;
  readonly failures: Readonly<Record<string, InstanceFinished['failure']>>;
  readonly warnings: readonly string[];
  /** Content of a file output. */
  output(instance: string, output: string): string;
}

/** A folder with a store of its own, gone when the test is over. */
export async function openWorkspace(t: TestContext): Promise<Workspace> {
  const root = mkdtempSync(join(tmpdir(), 'kumiki-run-'));
  const store = await openStore(join(root, 'cache'), { kumiki: 'test' });
  const sources = await openSources(join(root, 'cache'));
  const executor = createLocalExecutor({ stopMs: 1500, emptyMs: 200 });
  t.after(async () => {
    executor.close?.();
    await store.close();
    makeWritable(root);
    rmSync(root, { recursive: true, force: true });
  });
  return {
    root,
    store,
    sources,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    plan: (sketches, rest) => planOf(root, sketches, rest),
    start(plan, options) {
      return watch(store, (listener) =>
        startRun(plan, {
          store,
          sources,
          executors: { local: executor },
          stageModule: (name) => join(root, name),
          ...options,
          listener,
        }),
      );
    },
  };
}

function watch(store: Store, start: (listener: (event: RunEvent) => void) => Run): Started {
  const events: RunEvent[] = [];
  const waiting = new Set<() => void>();
  const run = start((event) => {
    events.push(event);
    for (const look of waiting) look();
  });
  const ended = run.finished.then((finished) => ({ ...finished, ...outcomes(events, store) }));
  const event: Started['event'] = (type, instance) =>
    new Promise((resolve) => {
      const look = () => {
        const found = events.find(
          (each) => each.type === type && (!instance || ('instance' in each && each.instance === instance)),
        );
        if (!found) return;
        waiting.delete(look);
        resolve(found as never);
      };
      waiting.add(look);
      look();
    });
  return { ...run, events, event, ended };
}

function outcomes(events: readonly RunEvent[], store: Store): Omit<Ended, keyof RunFinished> {
  const states: Record<string, InstanceFinished['state']> = {};
  const failures: Record<string, InstanceFinished['failure']> = {};
  const keys: Record<string, string> = {};
  const warnings: string[] = [];
  for (const event of events) {
    if (event.type === 'warning') warnings.push(event.message);
    if (event.type === 'instances-cached') {
      for (const [at, id] of event.instances.entries()) {
        states[id] = 'cached';
        keys[id] = event.keys[at]!;
      }
    }
    if (event.type !== 'instance-finished') continue;
    states[event.instance] = event.state;
    if (event.failure) failures[event.instance] = event.failure;
    if (event.key) keys[event.instance] = event.key;
  }
  return {
    states,
    failures,
    warnings,
    output: (instance, output) => readFileSync(store.outputPath(keys[instance]!, output), 'utf8'),
  };
}

function makeWritable(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    chmodSync(join(path, entry.name), 0o755);
    makeWritable(join(path, entry.name));
  }
}

/** A script of a plan: text as it is, and holes that stand for one path or text each. */
export function script(strings: TemplateStringsArray, ...holes: readonly Text[]): Instance['action'] {
  return {
    kind: 'run',
    script: strings.flatMap((text, at) => [text, ...(at < holes.length ? [{ words: [holes[at]!] }] : [])]),
  };
}

export const output = (name: string): Text => ({ $text: [{ output: name }] });
export const input = (name: string, item = 0): Text => ({ $text: [{ input: name, item }] });

/** Inputs by name, one source each. */
export function inputs(sources: Readonly<Record<string, Source>>): Instance['inputs'] {
  return Object.entries(sources).map(([name, source]) => ({ name, list: false, kind: 'any', sources: [source] }));
}

export const file = (path: string): Source => ({ kind: 'path', path });
export const result = (instance: number, name: string, path?: string): Source => ({
  kind: 'output',
  instance,
  output: name,
  ...(path !== undefined && { path }),
});
