/**
 * Pretraining data beside the original script, run by hand:
 *   KUMIKI_ORIGINAL=…/bert-japanese KUMIKI_ORIGINAL_PYTHON=…/bin/python node dist/test/fidelity/pretraining-data.js [CORPUS…]
 * The environment needs fugashi 1.2.1, ipadic 1.0.0, transformers 4.30.0 and tensorflow 2.12 (CPython 3.11).
 * Without a corpus, writes test/fixtures/pretraining/digests.json. With corpora, compares all settings on each of them, and lets
 * TensorFlow read what we wrote.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractEmbeddedIpadic } from '../../src/mecab/index.ts';
import { fixturePath } from '../fixtures.ts';
import { type Case, cases } from '../pretraining/cases.ts';
import { makeData, recordsDigest } from '../pretraining/make-data.ts';

const original = process.env.KUMIKI_ORIGINAL;
const python = process.env.KUMIKI_ORIGINAL_PYTHON;
if (original === undefined || python === undefined) throw new Error('set KUMIKI_ORIGINAL and KUMIKI_ORIGINAL_PYTHON');

const folder = mkdtempSync(join(tmpdir(), 'kumiki-fidelity-'));
const fixture = (name: string) => fixturePath(`pretraining/${name}`);

function originalRecords(python: string, script: string, corpus: string, { vocab, params }: Case): string {
  const output = join(folder, 'original');
  const flags = {
    word_tokenizer_type: 'mecab',
    subword_tokenizer_type: 'wordpiece',
    mecab_dic_type: 'ipadic',
    ...params,
  };
  const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const files = [`--input_file=${corpus}`, `--output_file=${output}`, `--vocab_file=${fixture(vocab)}`];
  execFileSync(python, [script, ...files, ...words], { stdio: 'ignore', env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  return output;
}

const reader = `
import sys, tensorflow as tf
path, compression = sys.argv[1:]
print(sum(1 for record in tf.data.TFRecordDataset(path, compression_type=compression)))
`;

function countedByTensorFlow(python: string, path: string, compression: string): number {
  return Number(execFileSync(python, ['-c', reader, path, compression], { stdio: ['ignore', 'pipe', 'ignore'] }));
}

async function compare(corpus: string, one: Case, python: string, script: string): Promise<boolean> {
  const dictionary = join(folder, 'ipadic');
  await extractEmbeddedIpadic(dictionary);
  const inputs = { corpus: [corpus], vocab: fixture(one.vocab), dictionary };
  const ours = await makeData(folder, inputs, { ...one.params, gzip_compress: true });
  const theirs = originalRecords(python, script, corpus, one);
  const isEqual = recordsDigest(ours.records) === recordsDigest(theirs);
  const read = countedByTensorFlow(python, ours.records, 'GZIP');
  console.log(
    `${isEqual ? 'equal' : 'DIFFERS'}  ${corpus}, ${one.name}: TensorFlow reads ${read} of ${ours.stats.instances}`,
  );
  return isEqual && read === ours.stats.instances;
}

const script = join(original, 'create_pretraining_data.py');
const corpora = process.argv.slice(2);
if (corpora.length === 0) {
  const digests = cases.map((one) => [
    one.name,
    recordsDigest(originalRecords(python, script, fixture('corpus.txt'), one)),
  ]);
  writeFileSync(fixture('digests.json'), `${JSON.stringify(Object.fromEntries(digests), undefined, 2)}\n`);
}
for (const corpus of corpora) {
  for (const one of cases) if (!(await compare(corpus, one, python, script))) process.exitCode = 1;
}
rmSync(folder, { recursive: true });
