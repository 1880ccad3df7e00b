import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  corpusBuilder,
  documentEnd,
  idArrayFor,
  type TokenizedCorpus,
} from '../../src/pretraining/corpus/tokenized-corpus.ts';
import { slotWords } from '../../src/pretraining/instances/instance-slots.ts';
import { makeInstances, noInstances } from '../../src/pretraining/instances/make-instances.ts';
import { shuffleInstances } from '../../src/pretraining/instances/shuffle-instances.ts';
import { type InstanceOptions, maxMasksOf } from '../../src/pretraining/options.ts';
import { type PretrainingVocabulary, pretrainingVocabulary } from '../../src/pretraining/pretraining-vocabulary.ts';
import { instanceFeatures } from '../../src/pretraining/records/instance-features.ts';
import { recordEncoder } from '../../src/pretraining/records/record-encoder.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { vocabularyOf } from '../../src/wordpiece/vocabulary.ts';
import { plainInstances } from './plain-instances.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-instances-'));
after(() => rmSync(folder, { recursive: true }));

/** Lines of a vocabulary file: vocabulary tokens, words, and continuations; `duplicates` repeats some lines. */
function vocabularyLines(words: number, duplicates: number): string[] {
  const lines = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  for (let i = 0; i < words; i++) lines.push(i % 3 === 1 ? `##w${i}` : `w${i}`);
  for (let i = 0; i < duplicates; i++) lines.push(lines[(i * 7) % lines.length]!);
  return lines;
}

/** As the tokenizing workers would give it, one block a sentence. */
function corpusOf(
  documents: readonly (readonly (readonly string[])[])[],
  id: (token: string) => number,
  size: number,
): TokenizedCorpus {
  const builder = corpusBuilder(size, 0);
  for (const document of documents) {
    for (const sentence of document) {
      const continues = new Uint8Array(Math.ceil(sentence.length / 8));
      sentence.forEach((token, i) => {
        if (token.startsWith('##')) continues[i >> 3]! |= 1 << (i & 7);
      });
      const block = new (idArrayFor(size))(sentence.length);
      block.set(sentence.map(id));
      builder.add({ ids: block, continues, sentences: Uint32Array.of(sentence.length) });
    }
    const empty = new (idArrayFor(size))(0);
    builder.add({ ids: empty, continues: new Uint8Array(0), sentences: Uint32Array.of(documentEnd, documentEnd) });
  }
  return builder.finish();
}

/** Our instances, through spill, shuffle and records, as plain data. */
async function ours(
  corpus: TokenizedCorpus,
  vocabulary: PretrainingVocabulary,
  options: InstanceOptions,
  bucketBytes?: number,
) {
  const maxMasks = maxMasksOf(options);
  const random = cpythonRandom(options.randomSeed);
  const counts = noInstances(options);
  const blocks: Uint8Array[] = [];
  for (const block of makeInstances(corpus, vocabulary, options, random, counts)) {
    blocks.push(Uint8Array.from(new Uint8Array(block.buffer, block.byteOffset, block.byteLength)));
  }
  const spilled = join(folder, 'spilled');
  await writeFile(spilled, Buffer.concat(blocks));
  const words = slotWords(maxMasks);
  const encoder = recordEncoder(corpus.ids, vocabulary, { ...options, maxMasks, useV2FeatureNames: true });
  const records = [];
  for await (const bucket of shuffleInstances(
    spilled,
    join(folder, 'dealt'),
    counts.instances,
    maxMasks,
    random,
    bucketBytes,
  )) {
    for (let at = 0; at < bucket.length; at += words) {
      const record = encoder.encode(bucket.subarray(at, at + words));
      records.push(instanceFeatures(record.subarray(12, -4)));
    }
  }
  assert.equal(records.length, counts.instances);
  assert.deepEqual(readdirSync(folder), []);
  return { records, counts };
}

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 30 }),
  fc.integer({ min: 1, max: 200 }),
);
const shapes = fc.array(fc.array(lengths, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const optionsOf = fc
  .record({
    maxSeqLength: fc.integer({ min: 5, max: 150 }),
    maxPredictionsPerSeq: fc.integer({ min: 1, max: 40 }),
    maskedLmProb: fc.constantFrom(0.15, 0.1, 0.5, 0.9, 0),
    dupeFactor: fc.integer({ min: 1, max: 4 }),
    shortSeqProb: fc.constantFrom(0.1, 0, 0.5, 1),
    randomSeed: fc.integer({ min: 0, max: 2 ** 40 }),
    doWholeWordMask: fc.boolean(),
  })
  .map((options) => ({
    ...options,
    maxPredictionsPerSeq: Math.min(options.maxPredictionsPerSeq, options.maxSeqLength),
  }));

test('instances are those of the plain algorithm, for any corpus, options and seed', async () => {
  const vocabularies = fc.record({
    words: fc.integer({ min: 3, max: 60 }),
    duplicates: fc.integer({ min: 0, max: 8 }),
  });
  await fc.assert(
    fc.asyncProperty(shapes, vocabularies, optionsOf, fc.nat(), async (shape, { words, duplicates }, options, seed) => {
      const lines = vocabularyLines(words, duplicates);
      const { tokens: vocabulary, ids: idOf, positions } = vocabularyOf(lines);
      const id = (token: string) => idOf[positions.get(token)!]!;
      const random = cpythonRandom(seed);
      const anyWord = () =>
        vocabulary[random.randrange(20) === 0 ? random.randrange(5) : random.randint(5, vocabulary.length - 1)]!;
      const documents = shape.map((document) => document.map((length) => Array.from({ length }, anyWord)));
      const corpus = corpusOf(documents, id, lines.length);

      const expected = plainInstances(documents, vocabulary, options);
      const { records, counts } = await ours(
        corpus,
        pretrainingVocabulary('vocab.txt', vocabularyOf(lines), false),
        options,
        4096,
      );
      assert.equal(records.length, expected.length);
      records.forEach((record, i) => {
        const { tokens, segments, masks, isRandomNext } = expected[i]!;
        const padded = (values: readonly number[], length: number) => [
          ...values,
          ...Array(length - values.length).fill(0),
        ];
        const byToken = (values: readonly number[]) => Float64Array.from(padded(values, options.maxSeqLength));
        const byMask = (values: readonly number[]) => padded(values, options.maxPredictionsPerSeq);
        assert.deepEqual(record, {
          inputWordIds: byToken(tokens.map(id)),
          inputMask: byToken(tokens.map(() => 1)),
          inputTypeIds: byToken(segments),
          maskedPositions: Float64Array.from(byMask(masks.map(({ position }) => position))),
          maskedIds: Float64Array.from(byMask(masks.map(({ label }) => id(label)))),
          maskedWeights: Float32Array.from(byMask(masks.map(() => 1))),
          isRandomNext,
        });
      });
      assert.equal(
        counts.maskedTokens,
        expected.reduce((sum, { masks }) => sum + masks.length, 0),
      );
      assert.equal(counts.randomNext, expected.filter(({ isRandomNext }) => isRandomNext).length);
    }),
    { numRuns: 300 },
  );
});

test('a vocabulary of more than 16 bits keeps its ids', () => {
  assert.deepEqual([...corpusOf([[['far', 'far']]], () => 70_000, 70_001).ids], [70_000, 70_000]);
});
