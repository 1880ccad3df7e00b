/**
 * Pretraining data beside the original script, run by hand with KUMIKI_ORIGINAL (a checkout of bert-japanese) and
 * KUMIKI_ORIGINAL_PYTHON (CPython 3.11 with fugashi 1.2.1, ipadic 1.0.0, transformers 4.30.0 and tensorflow 2.12):
 *   node dist/test/fidelity/pretraining-data.js digests          writes test/fixtures/pretraining/digests.json
 *   node dist/test/fidelity/pretraining-data.js texts CORPUS…    all settings of the tests on each of them
 *   node dist/test/fidelity/pretraining-data.js random [COUNT [SEED]]   odd corpora, vocabularies and options (needs the reference data)
 * Each gzip file of ours is also read by TensorFlow's TFRecordDataset, by Python's gzip and by zcat.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { extractEmbeddedIpadic } from '../../src/mecab/index.ts';
import { decodeExample } from '../../src/tensorflow/decode-example.ts';
import { readRecords } from '../../src/tensorflow/tfrecord.ts';
import { fixturePath } from '../fixtures.ts';
import { cases } from '../pretraining/cases.ts';
import { type DataInputs, makeData, recordsDigest } from '../pretraining/make-data.ts';
import { sharedPath } from '../shared.ts';
import { oddInput, oddOptions, oddVocabulary } from './odd-corpora.ts';
import { type Flags, startOriginalScript } from './original-script.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-fidelity-'));
const dictionary = join(folder, 'ipadic');
const fixture = (name: string) => fixturePath(`pretraining/${name}`);
using original = startOriginalScript();

async function originalRecords({ corpus, vocab }: DataInputs, params: Flags): Promise<string> {
  const output = join(folder, 'original');
  await original.run({
    word_tokenizer_type: 'mecab',
    subword_tokenizer_type: 'wordpiece',
    mecab_dic_type: 'ipadic',
    ...params,
    input_file: corpus.join(','),
    output_file: output,
    vocab_file: vocab,
  });
  return output;
}

/** A digest that does not hang on the order of features within a record, which TensorFlow leaves open. */
async function orderFreeDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const record of readRecords(path)) {
    const features = [...decodeExample(record)].sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(JSON.stringify(features.map(([name, { kind, values }]) => [name, kind, ...values])));
  }
  return hash.digest('hex');
}

/** What is wrong with our records, undefined if nothing is. */
async function difference(inputs: DataInputs, params: Flags): Promise<string | undefined> {
  const theirs = await originalRecords(inputs, params);
  const whole = recordsDigest(theirs);
  if (readFileSync(theirs).length === 0) return refusal(inputs, params);
  const { records, stats } = await makeData(folder, inputs, { ...params, gzip_compress: true });
  const ours = recordsDigest(records);
  if (ours !== whole) {
    const isOrder = (await orderFreeDigest(records)) === (await orderFreeDigest(theirs));
    return isOrder ? 'equal but for the order of features' : 'other records';
  }
  const read = await original.read(records);
  if (read.records !== stats.instances) return `TensorFlow reads ${read.records} of ${stats.instances}`;
  if (read.sha256 !== whole) return "Python's gzip reads something else";
  const zcat = execFileSync('zcat', { input: readFileSync(records), maxBuffer: 2 ** 31 - 1 });
  return createHash('sha256').update(zcat).digest('hex') === whole ? undefined : 'zcat reads something else';
}

/** The original makes an empty file of a corpus without text; ours says that there is none. */
async function refusal(inputs: DataInputs, params: Flags): Promise<string | undefined> {
  try {
    await makeData(folder, inputs, params);
    return 'records where the original has none';
  } catch (error) {
    return /no text there/.test((error as Error).message) ? undefined : (error as Error).message;
  }
}

async function check(name: string, inputs: DataInputs, params: Flags): Promise<void> {
  const found = await difference(inputs, params);
  console.log(`${found ?? 'equal'}: ${name}`);
  if (found !== undefined) process.exitCode = 1;
}

async function writeDigests(): Promise<void> {
  const digests: Record<string, string> = {};
  for (const { name, vocab, params } of cases) {
    const inputs = { corpus: [fixture('corpus.txt')], vocab: fixture(vocab), dictionary };
    digests[name] = recordsDigest(await originalRecords(inputs, params));
  }
  writeFileSync(fixture('digests.json'), `${JSON.stringify(digests, undefined, 2)}\n`);
}

async function compareTexts(corpora: readonly string[]): Promise<void> {
  for (const corpus of corpora) {
    for (const { name, vocab, params } of cases) {
      await check(`${corpus}, ${name}`, { corpus: [corpus], vocab: fixture(vocab), dictionary }, params);
    }
  }
}

async function compareRandom(count: number, seed: number): Promise<void> {
  const archive = sharedPath('data/ja.cc100.txt.xz');
  if (archive === undefined) throw new Error('needs the reference data: set KUMIKI_SHARED');
  const text = execFileSync('xz', ['-dc', archive], { maxBuffer: 2 ** 31 - 1 });
  const vocabularies = ['wordpiece-32768.txt', 'character-7027.txt'].map((name) =>
    readFileSync(sharedPath('golden/vocab', name)!, 'utf8').trimEnd().split('\n'),
  );
  const job = fc.tuple(oddInput(text), fc.oneof(...vocabularies.map(oddVocabulary)), oddOptions);
  for (const [i, [{ kind, files }, vocabulary, options]] of fc.sample(job, { numRuns: count, seed }).entries()) {
    const inputs = writeInputs(files, vocabulary);
    await check(`${i}, ${kind}, ${JSON.stringify(options)}`, inputs, options);
  }
}

function writeInputs(files: readonly Uint8Array[], vocabulary: string): DataInputs {
  const place = mkdtempSync(join(folder, 'inputs-'));
  const vocab = join(place, 'vocab.txt');
  writeFileSync(vocab, vocabulary);
  const corpus = files.map((bytes, i) => {
    const path = join(place, `corpus-${i}.txt`);
    writeFileSync(path, bytes);
    return path;
  });
  return { corpus, vocab, dictionary };
}

await extractEmbeddedIpadic(dictionary);
const [mode, ...words] = process.argv.slice(2);
if (mode === 'digests') await writeDigests();
else if (mode === 'texts') await compareTexts(words);
else if (mode === 'random') await compareRandom(Number(words[0] ?? 100), Number(words[1] ?? 1));
else throw new Error('expected digests, texts or random');
rmSync(folder, { recursive: true });
