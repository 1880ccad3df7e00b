/**
 * Tokens and features beside the installed MeCab and, where KUMIKI_ORIGINAL_PYTHON has it, fugashi; run by hand:
 *   node dist/test/fidelity/mecab.js DICTIONARY_DIRECTORY… [-- TEXT_FILE…]
 * Compares the given texts, or 20 MB of the shared one, and 200,000 random lines. Needs `mecab`, and `xz` for .xz.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createTagger, loadDictionary, type Tagger } from '../../src/mecab/index.ts';
import { byteLine, textLine } from '../mecab/lines.ts';
import { printed } from '../mecab/printed.ts';
import { sharedPath } from '../shared.ts';

const SHARED_BYTES = 20_000_000;
const RANDOM_LINES = 100_000;
const BATCH = 5000;
const FORMAT = ['-O', '', '-F', '%m\\t%H\\n', '-U', '%m\\t%H\\n', '-E', 'EOS\\n', '-b', '100000000'];

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    lines.push(bytes.subarray(at, end < 0 ? bytes.length : end));
    at = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}

function readText(path: string): Buffer {
  return path.endsWith('.xz') ? execFileSync('xz', ['-dc', path], { maxBuffer: 2 ** 31 - 1 }) : readFileSync(path);
}

type Peer = (directory: string, lines: readonly Uint8Array[]) => Buffer;

function peer(program: string, args: (directory: string) => readonly string[]): Peer {
  return (directory, lines) => {
    const input = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
    const { stdout, stderr, status } = spawnSync(program, args(directory), { input, maxBuffer: 2 ** 31 - 1 });
    if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
    return stdout;
  };
}

const mecab = peer('mecab', (directory) => ['-r', '/dev/null', '-d', directory, ...FORMAT]);
const script = join(import.meta.dirname, '../../../test/fidelity/fugashi-tokens.py');
const { KUMIKI_ORIGINAL_PYTHON: python } = process.env;
const fugashi = python === undefined ? undefined : peer(python, (directory) => [script, directory]);

/** How many lines differ. Batches that do are taken line by line. */
function differingLines(peer: Peer, directory: string, tagger: Tagger, lines: readonly Uint8Array[]): number {
  let differing = 0;
  for (let at = 0; at < lines.length; at += BATCH) {
    const batch = lines.slice(at, at + BATCH);
    const ours = Buffer.concat(batch.map((line) => printed(tagger, line)));
    if (ours.equals(peer(directory, batch))) continue;
    const wrong = batch.filter((line) => !printed(tagger, line).equals(peer(directory, [line])));
    for (const line of wrong.slice(0, 3)) console.log(`differs: ${JSON.stringify(Buffer.from(line).toString())}`);
    differing += Math.max(1, wrong.length);
  }
  return differing;
}

const words = process.argv.slice(2);
const split = words.includes('--') ? words.indexOf('--') : words.length;
const texts = words.slice(split + 1).map(readText);
if (texts.length === 0) {
  const shared = sharedPath('data/ja.cc100.txt.xz');
  const text = shared === undefined ? Buffer.alloc(0) : readText(shared);
  texts.push(text.subarray(0, text.lastIndexOf(10, SHARED_BYTES) + 1));
}
const inputs: [string, readonly Uint8Array[]][] = [
  ['text', texts.flatMap(splitLines)],
  ['random characters', fc.sample(textLine, { numRuns: RANDOM_LINES, seed: 1 })],
  ['random bytes', fc.sample(byteLine, { numRuns: RANDOM_LINES, seed: 1 })],
];
let failed = false;
for (const directory of words.slice(0, split)) {
  const tagger = createTagger(await loadDictionary(directory));
  for (const [name, lines] of inputs) {
    for (const [peerName, peer] of Object.entries({ mecab, fugashi })) {
      // fugashi takes text alone.
      if (peer === undefined || (peer === fugashi && name === 'random bytes')) continue;
      const differing = differingLines(peer, directory, tagger, lines);
      failed ||= differing > 0;
      const bytes = lines.reduce((sum, { length }) => sum + length, 0);
      console.log(`${directory}: ${name}, ${lines.length} lines, ${bytes} bytes: ${differing} differ from ${peerName}`);
    }
  }
}
process.exit(failed ? 1 : 0);
