/**
 * MeCab's search, text to boundaries, on one thread and on two. KUMIKI_DICTIONARY names a dictionary directory (the goals are
 * for unidic-lite; without it, the embedded IPADIC), KUMIKI_TEXT a UTF-8 text of some MB (without it, the sample repeated).
 * Beside `mecab -Owakati` where it is installed, less what it needs to start. Then the same with a dictionary that vibrato
 * can compile too, Debian's IPADIC, beside vibrato: both are fetched for the run (apt-get, cargo; KUMIKI_VIBRATO names a
 * built program of peers/vibrato).
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Dictionary, extractEmbeddedIpadic, loadDictionary } from '../../src/mecab/index.ts';
import { sampleText } from '../../src/mecab/search/sample-text.ts';
import { isInstalled } from './measure.ts';
import { cargoProgram, debianIpadic } from './peers/install.ts';

const ROUNDS = 8;

const folder = mkdtempSync(join(tmpdir(), 'kumiki-mecab-'));
const directory = process.env.KUMIKI_DICTIONARY ?? join(folder, 'ipadic');
if (process.env.KUMIKI_DICTIONARY === undefined) await extractEmbeddedIpadic(directory);
const text = process.env.KUMIKI_TEXT ? readFileSync(process.env.KUMIKI_TEXT) : Buffer.from(sampleText.repeat(2000));

/** Begin and end of each line. */
function lineBounds(bytes: Uint8Array): Int32Array {
  const bounds: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    bounds.push(at, end < 0 ? bytes.length : end);
    at = end < 0 ? bytes.length : end + 1;
  }
  return Int32Array.from(bounds);
}

/** Bytes a second of the best round, in which each thread parses the whole text. */
async function bytesPerSecond(dictionary: Dictionary, threads: number): Promise<number> {
  const shared = new Uint8Array(new SharedArrayBuffer(text.length));
  shared.set(text);
  const workerData = { dictionary, text: shared, bounds: lineBounds(text) };
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./mecab-thread.js', import.meta.url), { workerData }),
  );
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const answers = workers.map((worker) => once(worker, 'message'));
    for (const worker of workers) worker.postMessage('parse');
    await Promise.all(answers);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return (threads * text.length) / best;
}

/** The same of `mecab -Owakati`: the best of three runs, less the best of three on an empty text. */
function mecabBytesPerSecond(directory: string): number {
  const seconds = (input: Buffer): number => {
    const args = ['-r', '/dev/null', '-d', directory, '-Owakati', '-b', '1000000', '-o', '/dev/null'];
    const runs = Array.from({ length: 3 }, () => {
      const start = performance.now();
      const { status, stderr } = spawnSync('mecab', args, { input });
      if (status !== 0) throw new Error(`mecab failed: ${stderr}`);
      return (performance.now() - start) / 1000;
    });
    return Math.min(...runs);
  };
  return text.length / (seconds(text) - seconds(Buffer.alloc(0)));
}

function vibratoBytesPerSecond(program: string, source: string): number {
  const file = join(folder, 'text');
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync(program, [source, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return Number.parseFloat(stdout);
}

function report(what: string, ours: number, peer?: { name: string; speed: number; goal: string }): void {
  const beside = peer ? `${(ours / peer.speed).toFixed(2)} × ${peer.name} (goal ${peer.goal})` : '';
  console.log(`${what.padEnd(28)} ${(ours / 1e6).toFixed(1).padStart(6)} MB/s  ${beside}`.trimEnd());
}

async function bench(directory: string): Promise<number> {
  const start = performance.now();
  const dictionary = await loadDictionary(directory);
  console.log(`${directory} loaded in ${((performance.now() - start) / 1000).toFixed(2)} s`);
  const one = await bytesPerSecond(dictionary, 1);
  report('one thread', one);
  report('two threads', await bytesPerSecond(dictionary, 2), { name: 'one', speed: one, goal: '1.8' });
  if (isInstalled('mecab')) {
    report('one thread', one, { name: 'mecab -Owakati', speed: mecabBytesPerSecond(directory), goal: '1.5' });
  }
  return one;
}

async function besideVibrato(): Promise<void> {
  const ipadic = debianIpadic(join(folder, 'debian'));
  const vibrato = process.env.KUMIKI_VIBRATO ?? cargoProgram(join(folder, 'vibrato'), 'vibrato');
  if (ipadic === undefined || vibrato === undefined) return console.log('no vibrato: needs apt-get, mecab and cargo');
  const one = await bench(ipadic.compiled);
  report('one thread', one, { name: 'vibrato', speed: vibratoBytesPerSecond(vibrato, ipadic.source), goal: '1.2' });
}

try {
  await bench(directory);
  await besideVibrato();
} finally {
  rmSync(folder, { recursive: true });
}
