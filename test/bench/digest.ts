/** Digesting large sources: one file on one core, two files on two cores, beside `sha256sum`. Size: KUMIKI_BENCH_DIGEST_MB (default 2000). */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFiles } from '../../src/store/digest/digest-file.ts';
import { median } from './measure.ts';

const megabytes = Number(process.env.KUMIKI_BENCH_DIGEST_MB ?? 2000);
const size = megabytes * 1e6;
const runs = 3;

function writeFile(path: string, seed: number): void {
  const block = Buffer.alloc(1e6, `${seed} kumiki `);
  const file = openSync(path, 'w');
  for (let megabyte = 0; megabyte < megabytes; megabyte++) writeSync(file, block);
  closeSync(file);
}

async function rateOf(paths: readonly string[]): Promise<number> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await digestFiles(paths.map((path) => ({ path, size })));
    rates.push((paths.length * size) / (performance.now() - start) / 1e6);
  }
  return median(rates);
}

function rateOfSha256sum(path: string): number {
  const start = performance.now();
  if (spawnSync('sha256sum', [path]).status !== 0) return Number.NaN;
  return size / (performance.now() - start) / 1e6;
}

const folder = mkdtempSync(join(tmpdir(), 'kumiki-digest-'));
try {
  const paths = ['a', 'b'].map((name) => join(folder, name));
  for (const [seed, path] of paths.entries()) writeFile(path, seed);
  await rateOf(paths); // worker threads started, pages in memory
  const one = await rateOf(paths.slice(0, 1));
  const two = await rateOf(paths);
  const peer = rateOfSha256sum(paths[0]!);
  console.log(`${megabytes} MB a file, sha256, from memory; medians of ${runs}`);
  console.log(`one file, one core      ${one.toFixed(2)} GB/s  sha256sum ${peer.toFixed(2)} GB/s`);
  console.log(`two files, two cores    ${two.toFixed(2)} GB/s  ${(two / one).toFixed(2)} × one`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
