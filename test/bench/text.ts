/**
 * The corpus and tokenizer stages, whole processes, beside the original scripts (`KUMIKI_ORIGINAL`, their checkout, and
 * `KUMIKI_ORIGINAL_PYTHON`, an interpreter with their packages), `xz`, and Hugging Face's trainer (`KUMIKI_TOKENIZERS`, the
 * program of peers/tokenizers: cargo build --release). What both sides write is compared. Texts and vocabularies: reference
 * data (`KUMIKI_SHARED`); dictionary: `KUMIKI_UNIDIC_LITE`. Words name the parts to run: wikipedia split train tokenize.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { countWords } from '../../src/wordpiece/training/count-words.ts';
import { initialVocabulary } from '../../src/wordpiece/training/initial-vocabulary.ts';
import { mergePairs } from '../../src/wordpiece/training/merge-pairs.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';
import { execStage, type Words } from './exec-stage.ts';
import { isInstalled, type Measured, measure, measureOnce } from './measure.ts';

const peers = join(import.meta.dirname, '../../../test/bench/peers');
const rounds = 3;

interface Place {
  readonly folder: string;
  readonly dictionary: string;
}

/** One of the original scripts, once; nothing where it is not installed. */
function original({ folder }: Place, script: string, flags: Words): Measured | undefined {
  const { KUMIKI_ORIGINAL: checkout, KUMIKI_ORIGINAL_PYTHON: python } = process.env;
  if (checkout === undefined || python === undefined) return undefined;
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, ...[value].flat().map(String)]);
  return measureOnce([python, join(checkout, script), ...words], { cwd: folder, env: { LC_ALL: 'C.UTF-8' } });
}

/** `megabytes`: of the text that goes through. */
function report(
  what: string,
  measured: Measured,
  megabytes: number,
  peer?: { name: string; seconds: number; goal: string },
) {
  const { seconds, peakBytes } = measured;
  const memory = peakBytes === undefined ? '' : `${Math.round(peakBytes / 2 ** 20)} MiB`;
  const beside = peer
    ? `${(peer.seconds / seconds).toFixed(2)} × ${peer.name}, ${peer.seconds.toFixed(2)} s (goal ${peer.goal})`
    : '';
  const speed = `${(megabytes / seconds).toFixed(1)} MB/s`;
  console.log(
    `${what.padEnd(34)} ${seconds.toFixed(2).padStart(6)} s ${speed.padStart(11)} ${memory.padStart(9)}  ${beside}`,
  );
}

function requireEqual(what: string, one: Uint8Array, other: Uint8Array): void {
  if (Buffer.compare(one, other) !== 0) throw new Error(`${what}: the original writes other bytes`);
}

function wikipedia(place: Place, dump: string): void {
  const { folder, dictionary } = place;
  const megabytes = gunzipSync(readFileSync(dump)).length / 1e6;
  const params = { max_sentence_length: 200 };
  const measured = execStage(folder, rounds, 'wikipedia-corpus', {
    inputs: { dump, dictionary },
    params,
    outputs: { corpus: 'ours.gz' },
  });
  const theirs = original(place, 'make_corpus_wiki.py', { input_file: dump, output_file: 'theirs.gz', ...params });
  if (theirs) {
    const [one, other] = ['ours.gz', 'theirs.gz'].map((name) => gunzipSync(readFileSync(join(folder, name))));
    requireEqual('wikipedia-corpus', one!, other!);
  }
  report('wikipedia-corpus', measured, megabytes, theirs && { name: 'original', ...theirs, goal: '6, aim 8' });
}

/** The archive four times over: an xz file of several streams. */
function split(place: Place, archive: string): void {
  const { folder } = place;
  const long = join(folder, 'long.txt.xz');
  writeFileSync(long, '');
  for (let i = 0; i < 4; i++) appendFileSync(long, readFileSync(archive));
  const megabytes = (4 * unxz(archive).length) / 1e6;
  const measured = execStage(folder, rounds, 'split-corpus', {
    inputs: { texts: long },
    params: { num_files: 16 },
    outputs: { shards: 'shards' },
  });
  mkdirSync(join(folder, 'theirs'), { recursive: true });
  const theirs = original(place, 'merge_split_corpora.py', { input_files: long, output_dir: 'theirs', num_files: 16 });
  if (theirs) {
    for (const name of readdirSync(join(folder, 'theirs'))) {
      const [one, other] = ['shards', 'theirs'].map((each) => readFileSync(join(folder, each, name)));
      requireEqual(`split-corpus: ${name}`, one!, other!);
    }
  }
  report('split-corpus', measured, megabytes, theirs && { name: 'original', ...theirs, goal: '2' });
  if (!isInstalled('xz')) return;
  const xz = measure(rounds, () => measureOnce(['bash', '-c', `xz -dc ${long} > /dev/null`], { cwd: folder }));
  report('split-corpus', measured, megabytes, { name: 'xz -dc', ...xz, goal: '2 × the original, or 0.9' });
}

async function train(place: Place, texts: string): Promise<void> {
  const { folder, dictionary } = place;
  const alphabet = sharedPath('golden/alphabet.txt')!;
  const lines = readFileSync(alphabet, 'utf8').trimEnd().split('\n');
  const params = { pre_tokenizer_type: 'mecab', vocab_size: 32768, limit_alphabet: 7012 };
  const megabytes = readFileSync(texts).length / 1e6;
  const inputs = { texts, dictionary, alphabet };
  const measured = execStage(folder, rounds, 'train-tokenizer', { inputs, params, outputs: { vocab: 'vocab.txt' } });
  const flags = { input_files: texts, output_dir: 'tokenizer', initial_alphabet_file: alphabet, ...params };
  const theirs = original(place, 'train_tokenizer.py', flags);
  report('train-tokenizer', measured, megabytes, theirs && { name: 'original', ...theirs, goal: '7, aim 10' });

  const counted = await countWords({ texts: [texts], dictionary, threads: 2 });
  const unused = Array.from({ length: 10 }, (_, i) => `[unused${i}]`);
  const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...unused];
  const seconds = Array.from({ length: rounds }, () => {
    const start = performance.now();
    const initial = initialVocabulary(counted, { specialTokens, alphabet: lines, limitAlphabet: 7012, prefix: '##' });
    mergePairs(initial, counted.counts, { vocabSize: 32768, minFrequency: 2, prefix: '##' });
    return (performance.now() - start) / 1000;
  });
  const merging: Measured = { seconds: Math.min(...seconds), peakBytes: undefined };
  const { KUMIKI_TOKENIZERS: program } = process.env;
  if (program === undefined) return report('counts to vocabulary', merging, megabytes);
  const { words, counts } = counted;
  const list = Array.from(counts, (count, word) => `${Buffer.from(words.wordBytes(word))}\t${count}\n`);
  writeFileSync(join(folder, 'counts.tsv'), list.join(''));
  const { status, stdout, stderr } = spawnSync(program, ['counts.tsv', alphabet, '32768'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  report('counts to vocabulary', merging, megabytes, {
    name: 'tokenizers',
    seconds: Number.parseFloat(stdout),
    goal: '1',
  });
}

function tokenize(place: Place, text: string): void {
  const { folder, dictionary } = place;
  const vocab = sharedPath('golden/vocab/wordpiece-32768.txt')!;
  const megabytes = readFileSync(text).length / 1e6;
  const params = { do_lower_case: 'true', threads: 1 };
  const measured = execStage(folder, rounds, 'tokenize', {
    inputs: { text, vocab, dictionary },
    params,
    outputs: { tokens: 'ours.jsonl' },
  });
  const theirs = originalTokens(place, text, vocab);
  if (theirs) {
    const [one, other] = ['ours.jsonl', 'theirs.jsonl'].map((name) => readFileSync(join(folder, name)));
    requireEqual('tokenize', one!, other!);
  }
  report(
    `tokenize, one thread, ${Math.round(megabytes)} MB`,
    measured,
    megabytes,
    theirs && { name: "original's loop alone", ...theirs, goal: '4' },
  );
}

function originalTokens({ folder }: Place, text: string, vocab: string): { seconds: number } | undefined {
  const { KUMIKI_ORIGINAL: checkout, KUMIKI_ORIGINAL_PYTHON: python } = process.env;
  if (checkout === undefined || python === undefined) return undefined;
  const [input, output] = [openSync(text, 'r'), openSync(join(folder, 'theirs.jsonl'), 'w')];
  const words = [join(peers, 'bert-japanese-tokenize.py'), checkout, vocab, 'wordpiece', 'lower'];
  const { status, stderr } = spawnSync(python, words, { stdio: [input, output, 'pipe'], encoding: 'utf8' });
  closeSync(input);
  closeSync(output);
  if (status !== 0) throw new Error(`the original failed: ${stderr}`);
  return { seconds: Number(stderr.trim().split('\n').at(-1)) };
}

function unxz(archive: string): Buffer {
  return spawnSync('xz', ['-dc', archive], { maxBuffer: 1 << 28 }).stdout;
}

/** Whole lines that are not blank, of at most so many bytes in all. */
function cut(text: Buffer, bytes: number): string {
  const lines = text.toString('utf8', 0, text.lastIndexOf(10, bytes)).split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => `${line}\n`)
    .join('');
}

async function bench(place: Place, dump: string, archive: string, parts: readonly string[]): Promise<void> {
  const isWanted = (part: string) => parts.length === 0 || parts.includes(part);
  if (isWanted('wikipedia')) wikipedia(place, dump);
  if (isWanted('split')) split(place, archive);
  const text = unxz(archive);
  const file = (name: string, bytes: number) => {
    writeFileSync(join(place.folder, name), cut(text, bytes));
    return join(place.folder, name);
  };
  if (isWanted('train')) await train(place, file('19.txt', 19_000_000));
  if (isWanted('tokenize')) for (const megabytes of [8, 26]) tokenize(place, file(`${megabytes}.txt`, megabytes * 1e6));
}

const dump = sharedPath('data/ja.cirrus.json.gz');
const archive = sharedPath('data/ja.cc100.txt.xz');
const dictionary = unidicLite();
if (dump === undefined || archive === undefined || dictionary === undefined) {
  console.log('skipped: needs the reference data (KUMIKI_SHARED) and unidic-lite (KUMIKI_UNIDIC_LITE)');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-'));
  try {
    await bench({ folder, dictionary }, dump, archive, process.argv.slice(2));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
