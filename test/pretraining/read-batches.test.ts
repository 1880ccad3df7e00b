import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Batch, type BatchOptions, readBatches, recordShape } from '../../src/pretraining/records/read-batches.ts';
import { exampleRecord } from '../tensorflow/encode-example.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-batches-'));
after(() => rmSync(folder, { recursive: true }));

const tokens = 6;
const masks = 2;

/** A record that can be told from others by its first token. */
function record(number: number, length = tokens): Uint8Array {
  return exampleRecord([
    { name: 'input_word_ids', values: Int32Array.from({ length }, (_, i) => (i === 0 ? number : i)) },
    { name: 'input_mask', values: Uint8Array.from({ length }, () => 1) },
    { name: 'input_type_ids', values: new Uint8Array(length) },
    { name: 'masked_lm_positions', values: Int32Array.of(1, 0) },
    { name: 'masked_lm_ids', values: Int32Array.of(number, 0) },
    { name: 'masked_lm_weights', values: Float32Array.of(1, 0) },
    { name: 'next_sentence_labels', values: Uint8Array.of(number % 2) },
  ]);
}

const numbers = (begin: number, end: number) => Array.from({ length: end - begin }, (_, i) => begin + i);

/** A directory with the records 0 … 49 in three files, one of them gzip. */
const directory = join(folder, 'records');
mkdirSync(directory);
writeFileSync(join(directory, 'a.tfrecord'), Buffer.concat(numbers(0, 20).map((number) => record(number))));
writeFileSync(
  join(directory, 'b.tfrecord.gz'),
  gzipSync(Buffer.concat(numbers(20, 45).map((number) => record(number)))),
);
writeFileSync(join(directory, 'c.tfrecord'), Buffer.concat(numbers(45, 50).map((number) => record(number))));

const inOrder: BatchOptions = { batchSize: 8, shuffleBuffer: 0, seed: 1, epochs: 1 };

async function batches(options: Partial<BatchOptions>, paths = [directory]): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of readBatches(paths, { ...inOrder, ...options })) all.push(batch);
  return all;
}

/** Which records they hold, in order. */
const seen = (all: readonly Batch[]) =>
  all.flatMap(({ maskedIds }) => [...maskedIds].filter((_, i) => i % masks === 0));

test('batches are matrices of rows in the order of the files, the last one smaller', async () => {
  const all = await batches({});
  assert.deepEqual(seen(all), numbers(0, 50));
  assert.deepEqual(
    all.map(({ size }) => size),
    [8, 8, 8, 8, 8, 8, 2],
  );
  const { inputWordIds, inputMask, maskedPositions, maskedWeights, nextSentenceLabels } = all[1]!;
  assert.deepEqual(inputWordIds.subarray(tokens, 2 * tokens), Int32Array.of(9, 1, 2, 3, 4, 5));
  assert.equal(inputMask.length, 8 * tokens);
  assert.deepEqual(maskedPositions.subarray(0, 4), Int32Array.of(1, 0, 1, 0));
  assert.deepEqual(maskedWeights.subarray(0, 4), Float32Array.of(1, 0, 1, 0));
  assert.deepEqual(nextSentenceLabels, Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1));
  assert.deepEqual(await recordShape([directory]), { tokens, masks });
});

test('a batch may span two passes over the data', async () => {
  const all = await batches({ epochs: 2 });
  assert.deepEqual(seen(all), [...numbers(0, 50), ...numbers(0, 50)]);
  assert.deepEqual(all[6]!.position, { epoch: 1, index: 6 });
});

test('a shuffled pass gives every record once, in an order that only seed and pass decide', async () => {
  const shuffled = { shuffleBuffer: 16, epochs: 2 };
  const once = seen(await batches(shuffled));
  assert.deepEqual(seen(await batches(shuffled)), once);
  const passes = [once.slice(0, 50), once.slice(50)];
  for (const pass of passes)
    assert.deepEqual(
      [...pass].sort((a, b) => a - b),
      numbers(0, 50),
    );
  assert.notDeepEqual(passes[0], passes[1]);
  assert.notDeepEqual(passes[0], numbers(0, 50));
  assert.notDeepEqual(seen(await batches({ ...shuffled, seed: 2 })), once);
});

test('a reader that goes on from a position gives what the first would have given', async () => {
  for (const shuffleBuffer of [0, 16, 100]) {
    const whole = await batches({ shuffleBuffer, epochs: 3 });
    for (const at of [0, 5, 6, 12]) {
      const rest = await batches({ shuffleBuffer, epochs: 3, from: whole[at]!.position });
      assert.deepEqual(rest, whole.slice(at + 1));
    }
  }
});

test('records of another shape, other records, damage and emptiness are refused by name', async () => {
  const file = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const refused = (path: string, message: RegExp) =>
    assert.rejects(batches({}, [path]), { name: 'RecordError', message });
  const longer = file('longer', Buffer.concat([record(1), record(2, 7)]));
  await refused(longer, /longer: record 1 has 7 tokens and 2 predictions where the first record has 6 and 2/);
  const other = file('other', exampleRecord([{ name: 'x', values: Int32Array.of(1) }]));
  await refused(other, /other: record 0 is not one of pretraining data: it has no/);
  await refused(file('damaged', record(1).fill(7, 40, 44)), /damaged: record 0 .* is corrupt/);
  await refused(file('empty', new Uint8Array(0)), /empty: no records/);
  mkdirSync(join(folder, 'bare'));
  await refused(join(folder, 'bare'), /bare: no files of records/);
});
