/**
 * `kumiki cache push` and `pull` beside the plain client, through the same local emulator: one large file (KUMIKI_BENCH_REMOTE_MB, default
 * 1000), and a thousand small ones one after the other. With a folder as remote, beside `cp`.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/open-store.ts';
import { emulatorProgram, startEmulator } from '../objects/emulator.ts';
import { type Measured, measure, measureOnce, printRow } from './measure.ts';

const megabytes = Number(process.env.KUMIKI_BENCH_REMOTE_MB ?? 1000);
const small = 1000;
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
let made = 0;

/** A workspace whose store holds one result with these files. */
async function workspace(name: string, fill: (directory: string) => void): Promise<string> {
  const root = join(folder, name);
  mkdirSync(join(root, '.git'), { recursive: true });
  const store = await openStore(join(root, 'cache'), { kumiki: '0.0.0' });
  const key = name.length.toString(16).padStart(64, '0');
  const claim = await store.claim(key, { signal: new AbortController().signal, onWait() {} });
  if (!('begin' in claim)) throw new Error('the store is not empty');
  const attempt = await claim.begin({ outputs: { files: 'directory' } });
  fill(attempt.outputs.files!);
  const facts = {
    instance: name,
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
function rows(title: string, root: string, names: readonly string[], ratio: string): void {
  const stored = join(
    root,
    'cache/store',
    root
      .slice(folder.length + 1)
      .length.toString(16)
      .padStart(64, '0'),
    'files',
  );
  const once = (command: readonly string[], cwd = root): Measured =>
    measureOnce([process.execPath, ...command], { cwd, env });
  const files = names.map((name) => join(stored, name));
  const prefixes: string[] = [];
  const push = measure(runs, () => {
    prefixes.push(`ours-${++made}`);
    return once([cli, 'cache', 'push', '--remote', `gs://lab/${prefixes.at(-1)}`]);
  });
  const upload = measure(runs, () => once([plainClient, 'upload', `plain-${title}`, ...files]));
  printRow(`push ${title}`, push, { name: 'plain client', measured: upload }, ratio);
  const pull = measure(runs, () => {
    const empty = join(folder, `empty-${++made}`);
    mkdirSync(join(empty, '.git'), { recursive: true });
    const measured = once([cli, 'cache', 'pull', '--remote', `gs://lab/${prefixes[0]}`], empty);
    rmSync(empty, { recursive: true, force: true });
    return measured;
  });
  const download = measure(runs, () => {
    const target = join(folder, `plain-${++made}`);
    mkdirSync(target);
    const measured = once([plainClient, 'download', `plain-${title}`, target, ...names]);
    rmSync(target, { recursive: true, force: true });
    return measured;
  });
  printRow(`pull ${title}`, pull, { name: 'plain client', measured: download }, ratio);
}

function folderRows(root: string, file: string): void {
  const push = measure(runs, () => {
    const remote = join(folder, `remote-${++made}`);
    return measureOnce([process.execPath, cli, 'cache', 'push', '--remote', remote], { cwd: root });
  });
  const copy = measure(runs, () => measureOnce(['cp', file, join(folder, `copy-${++made}`)], { cwd: root }));
  printRow(`push ${megabytes} MB into a folder`, push, { name: 'cp', measured: copy });
}

try {
  const large = await workspace('large', (directory) => writeLarge(join(directory, 'large')));
  const many = await workspace('many-small', (directory) => {
    for (let i = 0; i < small; i++) writeFileSync(join(directory, `file-${i}`), `${i}\n${'x'.repeat(4000)}`);
  });
  console.log(`medians of ${runs}, whole processes; ratio is our time by theirs`);
  rows(`${megabytes} MB`, large, ['large'], 'at most 1.25');
  rows(
    `${small} files of 4 kB`,
    many,
    Array.from({ length: small }, (_, i) => `file-${i}`),
    'at most 0.2',
  );
  folderRows(large, join(large, 'cache/store', (5).toString(16).padStart(64, '0'), 'files/large'));
} finally {
  emulator.stop();
  rmSync(folder, { recursive: true, force: true });
}
