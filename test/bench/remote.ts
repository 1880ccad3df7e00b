/**
 * `kumiki cache push` and `pull` beside the plain client, through the same local emulator: one large file (KUMIKI_BENCH_REMOTE_MB, default
 * 1000), and a thousand small ones one after the other. With a folder as remote, beside `cp`.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import { openBucket } from '../../src/objects/open-bucket.ts';
import { openStore } from '../../src/store/open-store.ts';
import { remoteCache } from '../../src/store/remote/remote-cache.ts';
import { pullResults, pushResults } from '../../src/store/remote/transfer-results.ts';
import type { Key } from '../../src/store/result.ts';
import { emulatorProgram, startEmulator } from '../objects/emulator.ts';
import { startGcs } from '../objects/gcs-server.ts';
import { type Measured, measure, measureOnce, median, printRow } from './measure.ts';
import { plainRequests } from './plain-requests.ts';

const megabytes = Number(process.env.KUMIKI_BENCH_REMOTE_MB ?? 1000);
const small = 1000;
const connections = 16;
const runs = 3;
const cli = join(import.meta.dirname, '../../cli/main.js');
const plainClient = join(import.meta.dirname, 'plain-client.js');

if (emulatorProgram === undefined) {
  console.error('fake-gcs-server is not installed: go install github.com/fsouza/fake-gcs-server@latest');
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'kumiki-remote-'));
const emulator = await startEmulator(join(folder, 'emulator'));
const env = { ...process.env, GCS_API_ENDPOINT: emulator.endpoint };
const largeKey = '1'.repeat(64);
const ends: (() => void)[] = [];
let made = 0;

/** A workspace whose store holds, besides what it had, a result with these files. */
async function result(root: string, key: Key, fill: (directory: string) => void): Promise<string> {
  mkdirSync(join(root, '.git'), { recursive: true });
  const store = await openStore(join(root, 'cache'), { kumiki: '0.0.0' });
  const claim = await store.claim(key, { signal: new AbortController().signal, onWait() {} });
  if (!('begin' in claim)) throw new Error('the store is not empty');
  const attempt = await claim.begin({ outputs: { files: 'directory' } });
  fill(attempt.outputs.files!);
  const facts = {
    instance: 'bench',
    recipe: null,
    inputs: [],
    promised: [],
    how: {},
    run: 'bench',
    started: '',
    seconds: 0,
  };
  const committed = await attempt.commit({ ...facts, resources: {}, exit: 0, metrics: {} });
  if (!committed.ok) throw new Error(committed.failure.message);
  await claim.release();
  await store.close();
  return root;
}

function smallText(i: number): string {
  return `${i}\n${'x'.repeat(4000)}`;
}

function writeLarge(path: string): void {
  const block = randomBytes(1e6);
  const file = openSync(path, 'w');
  for (let i = 0; i < megabytes; i++) {
    block.writeUInt32LE(i);
    writeSync(file, block);
  }
  closeSync(file);
}

/** Each run has a prefix, or a store, of its own: the second would have nothing to do. */
function largeRows(root: string, file: string): void {
  const once = (command: readonly string[], cwd = root): Measured =>
    measureOnce([process.execPath, ...command], { cwd, env });
  let prefix = '';
  const push = measure(runs, () => {
    prefix = `ours-${++made}`;
    return once([cli, 'cache', 'push', '--remote', `gs://lab/${prefix}`]);
  });
  const upload = measure(runs, () => once([plainClient, 'upload', 'plain', file]));
  printRow(`push ${megabytes} MB`, push, { name: 'plain client', measured: upload }, 'at most 1.25');
  const pull = measure(runs, () => {
    const empty = join(folder, `empty-${++made}`);
    mkdirSync(join(empty, '.git'), { recursive: true });
    const measured = once([cli, 'cache', 'pull', '--remote', `gs://lab/${prefix}`], empty);
    rmSync(empty, { recursive: true, force: true });
    return measured;
  });
  const download = measure(runs, () => {
    const target = join(folder, `plain-${++made}`);
    mkdirSync(target);
    const measured = once([plainClient, 'download', 'plain', target, basename(file)]);
    rmSync(target, { recursive: true, force: true });
    return measured;
  });
  printRow(`pull ${megabytes} MB`, pull, { name: 'plain client', measured: download }, 'at most 1.25');
}

/** All results of a store, beside the same number of files through the plain client one after the other. */
async function smallRows(what: string, root: string, endpoint: string, times: number): Promise<void> {
  const keys = readdirSync(join(root, 'cache/store'));
  const plain = new Storage({ apiEndpoint: endpoint, projectId: 'bench' }).bucket('lab');
  const seconds: Record<'push' | 'upload' | 'pull' | 'download', number[]> = {
    push: [],
    upload: [],
    pull: [],
    download: [],
  };
  for (let run = 0; run < times; run++) {
    const prefix = `small-${++made}`;
    const bucket = await openBucket({ kind: 'gcs', bucket: 'lab', path: prefix }, { endpoint });
    const store = await openStore(join(root, 'cache'), { kumiki: '0.0.0' });
    const empty = await openStore(join(folder, `empty-${made}`), { kumiki: '0.0.0' });
    const target = join(folder, `plain-${made}`);
    mkdirSync(target);
    const upload = (i: number) => plain.file(`${prefix}-plain/${i}`).save(smallText(i), { resumable: false });
    const download = (i: number) =>
      plain.file(`${prefix}-plain/${i}`).download({ destination: join(target, String(i)) });
    seconds.push.push(await secondsOf(() => pushResults(store, remoteCache(bucket), keys, {})));
    seconds.upload.push(await secondsOf(() => oneByOne(upload)));
    seconds.pull.push(await secondsOf(() => pullResults(empty, remoteCache(bucket), keys, {})));
    seconds.download.push(await secondsOf(() => oneByOne(download)));
    await Promise.all([store.close(), empty.close()]);
  }
  const row = (name: keyof typeof seconds): Measured => ({ seconds: median(seconds[name]), peakBytes: undefined });
  const title = `${small} ${what}`;
  printRow(`push ${title}`, row('push'), { name: 'one by one', measured: row('upload') }, 'at most 0.2');
  printRow(`pull ${title}`, row('pull'), { name: 'one by one', measured: row('download') }, 'at most 0.2');
}

/** How much faster the emulator itself is where it is asked side by side, whoever asks. */
async function ceilingRows(): Promise<void> {
  const one = await plainRequests(emulator.endpoint, 1, small, smallText);
  const many = await plainRequests(emulator.endpoint, connections, small, smallText);
  for (const way of ['upload', 'download'] as const) {
    const measured = (seconds: number): Measured => ({ seconds, peakBytes: undefined });
    const beside = { name: 'over one', measured: measured(one[way]) };
    printRow(`${way} ${small} by plain requests over ${connections}`, measured(many[way]), beside);
  }
}

async function oneByOne(action: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < small; i++) await action(i);
}

async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

function folderRow(root: string, file: string): void {
  const push = measure(runs, () => {
    const remote = join(folder, `remote-${++made}`);
    return measureOnce([process.execPath, cli, 'cache', 'push', '--remote', remote], { cwd: root });
  });
  const copy = measure(runs, () => {
    const target = join(folder, `copy-${++made}`);
    return measureOnce(['sh', '-c', 'cp "$1" "$2" && sync "$2"', 'cp', file, target], { cwd: root });
  });
  printRow(`push ${megabytes} MB into a folder`, push, { name: 'cp and sync', measured: copy });
}

try {
  const large = await result(join(folder, 'large'), largeKey, (directory) => writeLarge(join(directory, 'large')));
  const largeFile = join(large, 'cache/store', largeKey, 'files/large');
  const many = await result(join(folder, 'many'), '2'.repeat(64), (directory) => {
    for (let i = 0; i < small; i++) writeFileSync(join(directory, `file-${i}`), smallText(i));
  });
  const single = join(folder, 'single');
  for (let i = 0; i < small; i++) {
    const key = i.toString(16).padStart(64, '0');
    await result(single, key, (directory) => writeFileSync(join(directory, 'file'), smallText(i)));
  }
  const distant = await startGcs({ after: (end) => void ends.push(end as () => void) }, { latencyMs: 20 });
  console.log(
    `medians of ${runs}; large files: whole processes, small ones: from the open bucket on; ratio is our time by theirs`,
  );
  largeRows(large, largeFile);
  await smallRows('files of one result', many, emulator.endpoint, runs);
  await smallRows('results of one file', single, emulator.endpoint, runs);
  await ceilingRows();
  await smallRows('results of one file, 20 ms away', single, distant.endpoint, 1);
  folderRow(large, largeFile);
} finally {
  emulator.stop();
  for (const end of ends) end();
  rmSync(folder, { recursive: true, force: true });
}
