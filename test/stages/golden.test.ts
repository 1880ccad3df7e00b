/** The stages beside what the original scripts made of the same inputs, byte for byte. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import alphabet from '../../stages/alphabet.ts';
import characterVocab from '../../stages/character-vocab.ts';
import splitCorpus from '../../stages/split-corpus.ts';
import tokenize from '../../stages/tokenize.ts';
import trainTokenizer from '../../stages/train-tokenizer.ts';
import wikipediaCorpus from '../../stages/wikipedia-corpus.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';
import { runStage } from './run-stage.ts';

const golden = sharedPath('golden');
const unidic = unidicLite();
const needsGolden = { skip: golden ? false : 'no golden files' };
const needsUnidic = { skip: golden && unidic ? false : 'no golden files or no unidic-lite' };
const at = (name: string) => join(golden!, name);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function checkWikipedia(t: test.TestContext, dictionary: string, expected: string) {
  const { outputs } = await runStage(t, wikipediaCorpus, {
    with: { min_sentence_length: 10, max_sentence_length: 200 },
    inputs: { dump: at('small.cirrus.json.gz'), dictionary },
  });
  assert.ok(gunzipSync(readFileSync(outputs.corpus)).equals(gunzipSync(readFileSync(at(expected)))));
}

test('wikipedia-corpus with unidic-lite', needsUnidic, (t) => checkWikipedia(t, unidic!, 'wiki.unidic-lite.txt.gz'));

test('wikipedia-corpus with IPADIC', needsGolden, async (t) =>
  checkWikipedia(t, await embeddedIpadic(), 'wiki.ipadic.txt.gz'),
);

for (const count of [3, 8, 64]) {
  test(`split-corpus into ${count} files`, needsGolden, async (t) => {
    const { outputs } = await runStage(t, splitCorpus, {
      with: { num_files: count },
      inputs: { texts: [at('small.cc100.txt'), at('wiki.ipadic.txt.gz')] },
    });
    const digests = readdirSync(outputs.shards).map((name) => [name, sha256(readFileSync(join(outputs.shards, name)))]);
    const lines = readFileSync(at(`split-${count}.sha256`), 'utf8')
      .trim()
      .split('\n');
    const expected = lines.map((line) => line.split(/\s+/)).map(([digest, name]) => [name!.split('/').at(-1), digest]);
    assert.deepEqual(Object.fromEntries(digests), Object.fromEntries(expected));
  });
}

test('alphabet of unidic-lite', needsUnidic, async (t) => {
  const { outputs } = await runStage(t, alphabet, { with: {}, inputs: { dictionary: unidic! } });
  assert.equal(readFileSync(outputs.alphabet, 'utf8'), readFileSync(at('alphabet.txt'), 'utf8'));
});

test('character-vocab of a trained vocabulary', needsGolden, async (t) => {
  const inputs = { vocab: at('vocab/wordpiece-32768.txt') };
  const { outputs } = await runStage(t, characterVocab, { with: {}, inputs });
  assert.equal(readFileSync(outputs.vocab, 'utf8'), readFileSync(at('vocab/character-7027.txt'), 'utf8'));
});

for (const threads of [1, 3]) {
  test(
    `train-tokenizer on ${threads} threads: special tokens and characters as in every run of the original`,
    needsUnidic,
    async (t) => {
      const { outputs } = await runStage(t, trainTokenizer, {
        with: { pre_tokenizer_type: 'mecab', vocab_size: 12000, limit_alphabet: 7012, threads },
        inputs: { texts: [at('tokenizer-train.txt')], dictionary: unidic!, alphabet: at('alphabet.txt') },
      });
      const vocabulary = readFileSync(outputs.vocab);
      assert.equal(sha256(vocabulary), 'c817808cad42fa68ac15e6488b1af70de2ce28b47c6b0c93504353868e9a64a6');
      const lines = vocabulary.toString().trimEnd().split('\n');
      assert.equal(lines.length, 12000);
      const original = readFileSync(at('vocab/hf-12000-run1.txt'), 'utf8').split('\n');
      assert.deepEqual(lines.slice(0, 7027), original.slice(0, 7027));
    },
  );
}

for (const subword of ['wordpiece', 'character'] as const) {
  for (const lower of [true, false]) {
    for (const [name, path] of [
      ['hard', 'hard.txt'],
      ['corpus_01', 'split-8/corpus_01.txt'],
    ] as const) {
      const expected = `tokens.${name}.${subword}.${lower ? 'lower' : 'cased'}.jsonl`;
      test(`tokenize: ${expected}`, needsUnidic, async (t) => {
        const { outputs } = await runStage(t, tokenize, {
          with: {
            subword_tokenizer_type: subword,
            vocab_has_no_subword_prefix: subword === 'character',
            do_lower_case: lower,
          },
          inputs: {
            text: at(path),
            vocab: at(subword === 'wordpiece' ? 'vocab/wordpiece-32768.txt' : 'vocab/character-7027.txt'),
            dictionary: unidic!,
          },
        });
        assert.ok(readFileSync(outputs.tokens).equals(readFileSync(at(expected))));
      });
    }
  }
}
