/**
 * The stage pretraining-data on 10 MB of text, whole process, beside the original script (`KUMIKI_ORIGINAL`, its checkout, and
 * `KUMIKI_ORIGINAL_PYTHON`, an interpreter with its packages), and what the v3 job would take at these rates; and on 300 MB
 * (`KUMIKI_BENCH_LONG=1`), where memory shows what it hangs on. Text and vocabularies: reference data (`KUMIKI_SHARED`);
 * dictionary: `KUMIKI_UNIDIC_LITE`. Run by itself it takes parts of the settings' names: only those run.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';
import { type Measured, measure, measureOnce, printRow } from './measure.ts';

interface Setting {
  readonly name: string;
  readonly vocab: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly goal: string;
  /** Text that v3 makes data of in this setting. */
  readonly v3Bytes: number;
}

const common = { do_whole_word_mask: true, use_v2_feature_names: true, gzip_compress: true };
const short = { ...common, max_seq_length: 128, max_predictions_per_seq: 19, dupe_factor: 5 };
const long = { ...common, max_seq_length: 512, max_predictions_per_seq: 76, dupe_factor: 30 };
const character = { subword_tokenizer_type: 'character', vocab_has_no_subword_prefix: true };

const ccBytes = 74.3e9;
const wikipediaBytes = 4.9e9;

const wordpiece128: Setting = {
  name: 'wordpiece 128 / dupe 5',
  vocab: 'wordpiece-32768.txt',
  params: short,
  goal: 'goal 2.5 s, 600 MiB, 15 ×',
  v3Bytes: ccBytes,
};
const settings: readonly Setting[] = [
  wordpiece128,
  {
    name: 'wordpiece 512 / dupe 30',
    vocab: 'wordpiece-32768.txt',
    params: long,
    goal: 'goal 9 s, 600 MiB, 20 ×',
    v3Bytes: wikipediaBytes,
  },
  {
    name: 'character 128 / dupe 5',
    vocab: 'character-7027.txt',
    params: { ...short, ...character },
    goal: 'goal 3.5 s, 15 ×',
    v3Bytes: ccBytes,
  },
  {
    name: 'character 512 / dupe 30',
    vocab: 'character-7027.txt',
    params: { ...long, ...character },
    goal: '',
    v3Bytes: wikipediaBytes,
  },
];

const cli = join(import.meta.dirname, '../../cli/main.js');
const cutBytes = 10_000_000;

function ours(folder: string, dictionary: string, corpus: string, { vocab, params }: Setting): Measured {
  const inputs = { corpus, vocab: sharedPath('golden/vocab', vocab), dictionary };
  const outputs = { records: 'records.tfrecord.gz', stats: 'stats.json' };
  const words = [
    ...Object.entries(inputs).flatMap(([name, path]) => ['--input', `${name}=${path}`]),
    ...Object.entries(params).flatMap(([name, value]) => ['--with', `${name}=${value}`]),
    ...Object.entries(outputs).flatMap(([name, path]) => ['--output', `${name}=${path}`]),
  ];
  return measureOnce([process.execPath, cli, 'exec', 'pretraining-data', ...words], { cwd: folder });
}

function original(folder: string, corpus: string, { vocab, params }: Setting): Measured | undefined {
  const { KUMIKI_ORIGINAL: checkout, KUMIKI_ORIGINAL_PYTHON: python } = process.env;
  if (checkout === undefined || python === undefined) return undefined;
  const flags = {
    input_file: corpus,
    output_file: join(folder, 'original.tfrecord.gz'),
    vocab_file: sharedPath('golden/vocab', vocab),
    word_tokenizer_type: 'mecab',
    mecab_dic_type: 'unidic_lite',
    subword_tokenizer_type: 'wordpiece',
    ...params,
  };
  const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const command = [python, join(checkout, 'create_pretraining_data.py'), ...words];
  return measureOnce(command, { cwd: folder, env: { LC_ALL: 'C.UTF-8' } });
}

/** The text's documents in random order and again, their lines in another order, until there are so many bytes. */
function writeVaried(path: string, text: string, size: number): void {
  const documents = text.split(/\n\n+/).filter((document) => document !== '');
  const random = cpythonRandom(5);
  writeFileSync(path, '');
  for (let written = 0; written < size; ) {
    const lines = documents[random.randrange(documents.length)]!.split('\n');
    random.shuffle(lines);
    const document = Buffer.from(`${lines.join('\n')}\n\n`);
    appendFileSync(path, document);
    written += document.length;
  }
}

/** Bytes of text that one core gets through in a second. */
function perCore(bytes: number, { cpuSeconds }: Measured): number {
  return cpuSeconds === undefined ? Number.NaN : bytes / cpuSeconds;
}

function printRates(bytes: number, measured: Measured, theirs?: Measured): void {
  const rates = `${(bytes / 1e6 / measured.seconds).toFixed(2)} MB/s, ${(perCore(bytes, measured) / 1e6).toFixed(2)} MB/s a core`;
  const times = theirs ? `, ${(theirs.seconds / measured.seconds).toFixed(1)} × the original` : '';
  console.log(`  ${rates}${times}`);
}

function bench(folder: string, archive: string, dictionary: string, names: readonly string[]): void {
  const { stdout: text } = spawnSync('xz', ['-dc', archive], { maxBuffer: 1 << 28 });
  const cut = join(folder, 'cut.txt');
  writeFileSync(cut, text.subarray(0, cutBytes));
  const wanted = settings.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  let v3Seconds = 0;
  for (const setting of wanted) {
    const measured = measure(3, () => ours(folder, dictionary, cut, setting));
    const theirs = original(folder, cut, setting);
    printRow(setting.name, measured, theirs && { name: 'original', measured: theirs }, setting.goal);
    printRates(cutBytes, measured, theirs);
    v3Seconds += setting.v3Bytes / perCore(cutBytes, measured);
  }
  if (wanted.length === settings.length) {
    console.log(`v3, 64 + 8 shards, both tokenizations: ${(v3Seconds / 3600).toFixed(1)} core hours at these rates`);
  }
  if (process.env.KUMIKI_BENCH_LONG !== undefined) benchLong(folder, dictionary, text);
}

/** What 300 MB take beside 10 MB, whole and without the start: what a text of one page takes of a process. */
function benchLong(folder: string, dictionary: string, text: Buffer): void {
  const texts = { page: join(folder, 'page.txt'), short: join(folder, 'cut.txt'), long: join(folder, 'long.txt') };
  writeFileSync(texts.page, text.subarray(0, 4000));
  writeVaried(texts.long, text.toString(), 30 * cutBytes);
  const start = measure(3, () => ours(folder, dictionary, texts.page, wordpiece128)).seconds;
  const short = measure(3, () => ours(folder, dictionary, texts.short, wordpiece128)).seconds;
  const long = ours(folder, dictionary, texts.long, wordpiece128);
  printRow(`${wordpiece128.name}, 300 MB`, long, undefined, 'goal 1.2 GiB, MB/s as with 10 MB ± 20 %');
  printRates(30 * cutBytes, long);
  const rate = (30 * cutBytes) / 1e6 / (long.seconds - start);
  const shortRate = cutBytes / 1e6 / (short - start);
  const rates = `${rate.toFixed(2)} MB/s, with 10 MB ${shortRate.toFixed(2)} MB/s`;
  console.log(`  without the start (${start.toFixed(2)} s): ${rates}: ${(rate / shortRate).toFixed(2)} ×`);
}

const archive = sharedPath('data/ja.cc100.txt.xz');
const dictionary = unidicLite();
if (archive === undefined || dictionary === undefined) {
  console.log('skipped: needs the reference data (KUMIKI_SHARED) and unidic-lite (KUMIKI_UNIDIC_LITE)');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-'));
  try {
    bench(folder, archive, dictionary, process.argv.slice(2));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
