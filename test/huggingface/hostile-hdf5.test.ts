import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { File } from 'h5wasm/node';
import { ModelError } from '../../src/huggingface/model-error.ts';
import { openHdf5 } from '../../src/huggingface/weights/hdf5/library.ts';
import { readTensorflow } from '../../src/huggingface/weights/hdf5/read-tensorflow.ts';
import { randomModel, temporaryFolder } from './random-model.ts';

const weight = 'tf_bert_for_pre_training/nsp___cls/seq_relationship/bias:0';

/** A file of Keras with one layer and one weight, which `make` puts there. */
async function kerasFile(path: string, make: (root: File) => void): Promise<string> {
  const file = await openHdf5(path, 'w');
  file.root.create_attribute('layer_names', ['nsp___cls']);
  const layer = file.root.create_group('nsp___cls');
  layer.create_attribute('weight_names', [weight]);
  layer.create_group('tf_bert_for_pre_training').create_group('nsp___cls').create_group('seq_relationship');
  make(file.root);
  file.close();
  return path;
}

const place = `/nsp___cls/${weight}`;

async function refuses(path: string, message: RegExp): Promise<void> {
  const before = process.memoryUsage.rss();
  await assert.rejects(readTensorflow(path), (error: Error) => {
    assert.ok(error instanceof ModelError, String(error.stack));
    assert.match(error.message, message);
    return true;
  });
  assert.ok(process.memoryUsage.rss() - before < 200 * 2 ** 20);
}

test('a data set that is not plain numbers of this file is refused', async (t) => {
  const folder = temporaryFolder(t);
  const make = (name: string, put: (root: File) => void) => kerasFile(join(folder, name), put);
  const data = Float32Array.of(1, 2);
  const other = await make('other.h5', (root) => root.create_dataset({ name: place, data, shape: [2] }));
  const file = await readTensorflow(other);
  assert.deepEqual(file.tensors.get('cls.seq_relationship.bias'), { dtype: 'float32', shape: [2] });
  assert.deepEqual(new Float32Array(file.read('cls.seq_relationship.bias').buffer), data);
  file.close();
  const linked = await make('external.h5', (root) => void root.create_external_link('other.h5', place, place));
  await refuses(linked, /is refused: it is not a data set of this file/);
  const escaping = await make('escaping.h5', (root) => void root.create_external_link('/etc/passwd', '/', place));
  await refuses(escaping, /is refused: it is not a data set of this file/);
  const circular = await make('circular.h5', (root) => void root.create_soft_link(place, place));
  await refuses(circular, /is refused: it is not a data set of this file/);
  const packed = await make('packed.h5', (root) =>
    root.create_dataset({ name: place, data: new Float32Array(64), shape: [64], chunks: [8], compression: 'gzip' }),
  );
  await refuses(packed, /is refused: it is compressed or in pieces/);
  const integers = await make('integers.h5', (root) => root.create_dataset({ name: place, data: Int32Array.of(1, 2) }));
  await refuses(integers, /its elements are not little-endian floating-point numbers/);
  await refuses(await make('absent.h5', () => {}), /is refused: it is not a data set of this file/);
});

test('a file that is cut, or claims what it does not hold, is refused', async (t) => {
  const { model } = await randomModel(t, { formats: ['tensorflow'] });
  const whole = readFileSync(join(model, 'tf_model.h5'));
  const path = join(temporaryFolder(t), 'tf_model.h5');
  for (const length of [0, 8, 96, 1000, whole.length >> 1, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length));
    await refuses(path, /is not an HDF5 file, or not a whole one|is not a whole HDF5 file of Keras|is refused/);
  }
  // The shape of the word embeddings in their header: 345 × 12, as 64-bit numbers.
  const shape = Buffer.from(BigUint64Array.of(345n, 12n).buffer);
  assert.ok(whole.includes(shape));
  const forged = Buffer.from(whole);
  forged.writeBigUInt64LE(2n ** 40n, whole.indexOf(shape));
  writeFileSync(path, forged);
  await refuses(path, /does not hold its shape|is not a whole HDF5 file of Keras|is not a data set/);
  writeFileSync(path, 'no HDF5');
  await refuses(path, /is not an HDF5 file, or not a whole one/);
});

test('a name of two gigabytes is refused without the memory for it', async (t) => {
  const path = await kerasFile(join(temporaryFolder(t), 'tf_model.h5'), (root) =>
    root.create_dataset({ name: place, data: Float32Array.of(1, 2), shape: [2] }),
  );
  const forged = readFileSync(path);
  // In the list of names a name is its length, and where in the file it is.
  const length = Buffer.alloc(4);
  length.writeUInt32LE(weight.length);
  forged.writeUInt32LE(0x7f7f7f7f, forged.lastIndexOf(length));
  writeFileSync(path, forged);
  const before = process.resourceUsage().maxRSS;
  await refuses(path, /is not a whole HDF5 file of Keras|is refused: it is not a data set/);
  assert.ok(process.resourceUsage().maxRSS - before < 300 * 2 ** 10);
});

test('a file with changed bytes is read or refused, also where the library goes round in circles', async (t) => {
  const path = await kerasFile(join(temporaryFolder(t), 'tf_model.h5'), (root) =>
    root.create_dataset({ name: place, data: Float32Array.of(1, 2), shape: [2] }),
  );
  const whole = readFileSync(path);
  // Odd steps, so that every kind of field is met somewhere.
  for (let at = 3; at < whole.length; at += 211) {
    const changed = Buffer.from(whole);
    changed[at]! ^= 0xff;
    writeFileSync(path, changed);
    try {
      const file = await readTensorflow(path, 3000);
      for (const name of file.tensors.keys()) file.read(name);
      file.close();
    } catch (error) {
      assert.ok(error instanceof ModelError, `byte ${at}: ${(error as Error).stack}`);
    }
  }
});
