/**
 * The kill drill: a 30-stage workflow is run, killed with SIGKILL at a seeded moment, and run again.
 * Every result must equal an undisturbed run's, nothing that was finished may run twice, and no process may be left behind.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunEvent } from '../../src/run/events.ts';
import type { Manifest } from '../../src/store/result.ts';

const cli = join(import.meta.dirname, '../../cli/main.js');

/** Each stage notes its beginning in a ledger outside the store; `second` makes directories, `third` joins all of them. */
const workflow = `
name: drill
stages:
  first:
    matrix: {i: "\${{ range(1, 12) }}"}
    passEnv: [LEDGER]
    run: |
      echo first[i=\${{ matrix.i }}] >> "$LEDGER"
      for n in 1 2 3; do echo \${{ matrix.i }} $n; sleep 0.005; done > \${{ outputs.out }}
    outputs: {out: file}
  second:
    matrix: {i: "\${{ range(1, 12) }}"}
    passEnv: [LEDGER]
    run: |
      echo second[i=\${{ matrix.i }}] >> "$LEDGER"
      cat \${{ stages.first.outputs.out }} > \${{ outputs.parts }}/a
      sleep 0.005
      tac \${{ stages.first.outputs.out }} > \${{ outputs.parts }}/b
    outputs: {parts: directory}
  third:
    matrix: {j: "\${{ range(1, 5) }}"}
    passEnv: [LEDGER]
    run: |
      echo third[j=\${{ matrix.j }}] >> "$LEDGER"
      for part in \${{ stages.second.outputs.parts }}; do cat $part/a $part/b; done | sort | tail -n \${{ matrix.j }} > \${{ outputs.out }}
    outputs: {out: file}
  last:
    passEnv: [LEDGER]
    run: |
      echo last >> "$LEDGER"
      cat \${{ stages.third.outputs.out }} > \${{ outputs.out }}
    outputs: {out: file}
`;

/** Events of the whole undisturbed run, so that moments fall all over it. */
const eventsOfARun = 95;

/** A small generator for reproducible moments (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function drillWorkspace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-drill-'));
  mkdirSync(join(folder, '.git'));
  writeFileSync(join(folder, 'workflow.yaml'), workflow);
  writeFileSync(join(folder, 'ledger'), '');
  return folder;
}

export function startRun(folder: string): ChildProcess {
  const { KUMIKI_CACHE: _, ...env } = process.env;
  return spawn(process.execPath, [cli, 'run', 'workflow.yaml'], {
    cwd: folder,
    env: { ...env, CI: 'true', LEDGER: join(folder, 'ledger') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function exitOf(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

function eventsIn(folder: string): RunEvent[] {
  const runs = join(folder, 'cache/runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs).flatMap((run) => {
    const file = join(runs, run, 'events.jsonl');
    if (!existsSync(file)) return [];
    const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return whole.flatMap((line) => (line ? [JSON.parse(line) as RunEvent] : []));
  });
}

/** Output digests of every result, by instance. */
export function resultsIn(folder: string): Map<string, string> {
  const store = join(folder, 'cache/store');
  const keys = existsSync(store) ? readdirSync(store) : [];
  return new Map(
    keys.map((key) => {
      const manifest = JSON.parse(readFileSync(join(store, key, 'manifest.json'), 'utf8')) as Manifest;
      const digests = Object.entries(manifest.outputs).map(([name, output]) => `${name} ${output.digest}`);
      return [manifest.instance, digests.sort().join('\n')];
    }),
  );
}

/** Process groups of attempts that had started and not ended. */
function runningGroups(events: readonly RunEvent[]): number[] {
  const groups = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'attempt-started' && event.pid !== undefined) groups.set(event.instance, event.pid);
    if (event.type === 'attempt-finished') groups.delete(event.instance);
  }
  return [...groups.values()];
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself a moment ago.
  }
}

/** Processes whose environment names this drill's ledger: stages, wherever they are in the process tree. */
function stageProcesses(folder: string): number[] {
  const marker = `LEDGER=${join(folder, 'ledger')}`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(marker);
      } catch {
        return false;
      }
    });
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) assert.fail(`after 20 s still not so: ${what}`);
    await delay(2);
  }
}

export interface Undisturbed {
  readonly results: ReadonlyMap<string, string>;
}

export async function undisturbedRun(): Promise<Undisturbed> {
  const folder = drillWorkspace();
  try {
    const { code, output } = await exitOf(startRun(folder));
    assert.equal(code, 0, output);
    return { results: resultsIn(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function killDrill(seed: number, undisturbed: Undisturbed): Promise<void> {
  const draw = random(seed);
  const victim = (['engine', 'stage', 'both'] as const)[Math.floor(draw() * 3)]!;
  const moment = Math.floor(draw() * eventsOfARun);
  const folder = drillWorkspace();
  try {
    const engine = startRun(folder);
    const ended = exitOf(engine);
    const isMoment = () => engine.exitCode !== null || eventsIn(folder).length >= moment;
    await until(`event ${moment} of the first run`, isMoment);
    await delay(draw() * 8);
    const groups = victim === 'engine' ? [] : runningGroups(eventsIn(folder));
    if (victim !== 'stage' && engine.pid !== undefined) kill(engine.pid);
    for (const group of groups) kill(-group);
    await ended;
    await until('no process of the killed run is left', () => stageProcesses(folder).length === 0);

    const finished = resultsIn(folder);
    const ledger = join(folder, 'ledger');
    const before = readFileSync(ledger, 'utf8').length;
    const { code, output } = await exitOf(startRun(folder));
    const context = `seed ${seed}, ${victim} killed after event ${moment}\n${output}`;
    assert.equal(code, 0, context);
    const again = readFileSync(ledger, 'utf8').slice(before).split('\n');
    assert.deepEqual(
      again.filter((instance) => finished.has(instance)),
      [],
      `ran twice: ${context}`,
    );
    assert.deepEqual([...resultsIn(folder)].sort(), [...undisturbed.results].sort(), context);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
