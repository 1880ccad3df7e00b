/** Digests of what the original scripts, with PyPI's ipadic 1.0.0, make of the small texts in test/fixtures/corpus. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import splitCorpus from '../../stages/split-corpus.ts';
import tokenize from '../../stages/tokenize.ts';
import wikipediaCorpus from '../../stages/wikipedia-corpus.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { fixturePath } from '../fixtures.ts';
import { runStage } from './run-stage.ts';

const pages = fixturePath('corpus/pages.cirrus.jsonl');
const lines = fixturePath('corpus/lines.txt');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const ipadic = await embeddedIpadic();

test('wikipedia-corpus: markup, titles, odd characters and line ends', async (t) => {
  const { outputs } = await runStage(t, wikipediaCorpus, {
    with: { min_sentence_length: 8, max_sentence_length: 200 },
    inputs: { dump: pages, dictionary: ipadic },
  });
  const expected = 'b03fcd9e2864ed936e1bb42d69742256670e2cc430c085f9ce50b65f63ce91e7';
  assert.equal(sha256(gunzipSync(readFileSync(outputs.corpus))), expected);
});

const splits: [number, string][] = [
  [3, '518f442e0e10147d39668583c939dc9f662b1afb86685a80be2d69b03a892199'],
  [5, '285e263c7e75598c8443379eda4c9f52d6e4a4900c8e7317229e2650cb03152f'],
];

for (const [count, expected] of splits) {
  test(`split-corpus into ${count} files: white space, line ends and blank lines`, async (t) => {
    const { outputs } = await runStage(t, splitCorpus, {
      with: { num_files: count },
      inputs: { texts: [lines, pages] },
    });
    const shards = readdirSync(outputs.shards).sort();
    assert.equal(sha256(Buffer.concat(shards.map((name) => readFileSync(join(outputs.shards, name))))), expected);
  });
}

test('split-corpus: where the original draws a file that does not exist, the first is taken and the log says so', async (t) => {
  const { outputs, log } = await runStage(t, splitCorpus, { with: { num_files: 1 }, inputs: { texts: [lines] } });
  assert.match(log.join('\n'), /the original script fails with 1 files/);
  assert.match(
    readFileSync(join(outputs.shards, 'corpus_01.txt'), 'utf8'),
    /^一つ目の文書の最初の行。\n前後に空白がある行。\n/,
  );
});

const tokenizations: ['wordpiece' | 'character', boolean, boolean, string][] = [
  ['wordpiece', true, true, 'e9d90f9da5903ba38dfbecd6451dd774b972824503b16cf02a8c1b1495c27b71'],
  ['wordpiece', true, false, '04a8829d7cd0bb910036fa61d0c6b7828af6e99b501dd1efa0abbfcaf1633b6b'],
  ['wordpiece', false, true, 'fe4c82095b451f31935c69574e40dad6f758a79aeb8271a98f7cfd66c00448d1'],
  ['wordpiece', false, false, '2627e6d0b887c3bbbe42ce8e66c86402bfc78a517a8783c045b1baac727513bf'],
  ['character', true, true, 'f4cc887f7aea212eed0cb22b21d6c86280e04dc8b6fadaad15e96d7f3c83524d'],
  ['character', true, false, '33d07abeed4c797abb7c63db36203f7a7067cce182406848e1f009578a35242b'],
  ['character', false, true, '7dbcf68f5935a020c79b05f91ad48b88c888cc63bfd4180e3c415c00382f743a'],
  ['character', false, false, '3113390a3d4ace8ea50e03e745a2ad37a82d66aad497f3c1d07ebbd7104ba779'],
];

for (const [subword, lower, noPrefix, expected] of tokenizations) {
  const mode = `${subword}, ${lower ? 'lower case' : 'cased'}, ids ${noPrefix ? 'without' : 'with'} ##`;
  test(`tokenize (${mode}): hard lines`, async (t) => {
    const { outputs } = await runStage(t, tokenize, {
      with: { subword_tokenizer_type: subword, do_lower_case: lower, vocab_has_no_subword_prefix: noPrefix },
      inputs: { text: fixturePath('corpus/hard.txt'), vocab: fixturePath('corpus/vocab.txt'), dictionary: ipadic },
    });
    assert.equal(sha256(readFileSync(outputs.tokens)), expected);
  });
}
