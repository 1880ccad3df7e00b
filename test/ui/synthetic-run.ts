/**
 * Writes a run as an engine would, in real time: `node synthetic-run.js RUN_DIRECTORY INSTANCES SECONDS`. Twelve stages
 * like those of a pretraining workflow; 16 instances run at a time, each with 4 progress events a second, metrics and a log.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunStarted } from '../../src/run/events.ts';

const [directory = '', instances = '1000', seconds = '20', running = '16'] = process.argv.slice(2);
const tickMs = 250;
const ticksToRun = 40;

const chain = [
  'dictionary',
  'corpus',
  'alphabet',
  'tokenizer',
  '形態素解析と文字種',
  'data',
  'train',
  'continue',
  'convert',
  'jglue',
  'table',
  'card',
];
const sizes: Readonly<Record<string, number>> = { corpus: 64, jglue: 20, train: 2, continue: 2, convert: 2 };
const edges: readonly (readonly [string, string])[] = [
  ['dictionary', 'alphabet'],
  ['corpus', 'alphabet'],
  ['alphabet', 'tokenizer'],
  ['tokenizer', '形態素解析と文字種'],
  ['corpus', 'data'],
  ['形態素解析と文字種', 'data'],
  ['tokenizer', 'data'],
  ['data', 'train'],
  ['train', 'continue'],
  ['continue', 'convert'],
  ['convert', 'jglue'],
  ['jglue', 'table'],
  ['convert', 'card'],
];

const others = chain.reduce((sum, stage) => sum + (stage === 'data' ? 0 : (sizes[stage] ?? 1)), 0);
const groups = chain.map((stage) => {
  const size = stage === 'data' ? Math.max(2, Number(instances) - others) : (sizes[stage] ?? 1);
  const ids = Array.from({ length: size }, (_, index) => `${stage}[shard=${index + 1}]`);
  return size === 1 ? { stage, axes: [], instances: [stage] } : { stage, axes: ['shard'], instances: ids };
});
const all = groups.flatMap((group) => group.instances);
const logs = join(directory, 'logs');
let place = 0;

function write(...events: readonly Untimed[]): void {
  const time = Date.now();
  const lines = events.map((event) => `${JSON.stringify({ time, ...event })}\n`);
  appendFileSync(join(directory, 'events.jsonl'), lines.join(''));
}

type Untimed = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, 'time'> : never) : never;

function started(): RunStarted {
  return {
    type: 'run-started',
    format: 1,
    run: '20261123-120000-ab12',
    name: 'bert-japanese-v3',
    workflow: '/lab/workflows/bert-japanese-v3.yaml',
    root: '/lab',
    pid: process.pid,
    host: hostname(),
    kumiki: '0.1.0',
    arguments: [],
    limits: { cpu: 16, memory: 64 * 2 ** 30, tpu: 1 },
    groups,
    edges,
  };
}

const inFlight = new Map<string, number>();

function startNext(): void {
  const instance = all[place++];
  if (instance === undefined) return;
  const log = join(logs, `${instance}.1.log`);
  writeFileSync(log, '');
  inFlight.set(instance, 0);
  const resources = { cpu: 1, memory: 2 ** 31 };
  write({ type: 'attempt-started', instance, key: 'k', attempt: 1, pid: 4711, log, executor: 'local', resources });
}

function advance(instance: string, tick: number): void {
  const done = tick * 2500;
  const log = join(logs, `${instance}.1.log`);
  write({ type: 'progress', instance, done, total: ticksToRun * 2500, unit: 'lines' });
  appendFileSync(
    log,
    `${new Date().toISOString()} 第${tick}段落: 文書を読み、文に分け、単語に分割する。${done} lines\n`,
  );
  if (tick % 4 !== 0) return;
  write({ type: 'metric', instance, name: 'loss', value: 10 / (1 + tick / 4) + Math.random(), step: done });
  write({ type: 'metric', instance, name: 'masked_lm_accuracy', value: tick / 50 + Math.random() / 10, step: done });
}

function finish(instance: string, index: number): void {
  const times = { seconds: (ticksToRun * tickMs) / 1000, cpuSeconds: 9, peakMemory: 3 * 10 ** 8 };
  inFlight.delete(instance);
  if (index % 23 === 22) {
    const tail = ['UnicodeDecodeError: byte 0xff at 1311'];
    const failure = {
      reason: 'exit',
      exitCode: 1,
      message: 'The command ended with exit code 1; its log says why.',
      tail,
    } as const;
    write(
      { type: 'attempt-finished', instance, attempt: 1, outcome: 'failed', failure, ...times },
      { type: 'instance-finished', instance, state: 'failed', failure },
    );
    return;
  }
  write(
    { type: 'attempt-finished', instance, attempt: 1, outcome: 'succeeded', ...times },
    { type: 'instance-finished', instance, state: 'built', key: 'k', size: 5e7 },
  );
}

function tick(): void {
  for (const [instance, ticks] of inFlight) {
    inFlight.set(instance, ticks + 1);
    if (ticks < ticksToRun) advance(instance, ticks + 1);
    else finish(instance, all.indexOf(instance));
  }
  while (inFlight.size < Number(running) && place < all.length) startNext();
}

mkdirSync(logs, { recursive: true });
write(started());
const cached = groups.slice(0, 4).flatMap((group) => group.instances);
place = cached.length;
write({ type: 'instances-cached', instances: cached, keys: cached });
const end = Date.now() + Number(seconds) * 1000;
const timer = setInterval(() => {
  tick();
  if (Date.now() < end && inFlight.size > 0) return;
  clearInterval(timer);
  const counts = { built: 0, shared: 0, cached: 0, failed: 0, cancelled: 0, skipped: 0 };
  write({ type: 'run-finished', outcome: 'failed', exitCode: 1, seconds: Number(seconds), counts });
}, tickMs);
