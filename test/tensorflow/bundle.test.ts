import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import snappy from 'snappyjs';
import { CheckpointError } from '../../src/tensorflow/bundle/error.ts';
import { openBundle } from '../../src/tensorflow/bundle/reader.ts';
import { openDataFile, storedPieces } from '../../src/tensorflow/bundle/stored-tensor.ts';
import { stringElement } from '../../src/tensorflow/bundle/strings.ts';
import { readTable, writeTable } from '../../src/tensorflow/bundle/table.ts';
import { type NamedTensor, writeBundle } from '../../src/tensorflow/bundle/writer.ts';
import { maskedCrc32c } from '../../src/tensorflow/crc32c.ts';
import { fixturePath } from '../fixtures.ts';
import { sharedPath } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-bundle-'));
after(() => rmSync(folder, { recursive: true }));

const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const tensors: NamedTensor[] = [
  { name: 'b/matrix', dtype: 'float32', shape: [2, 3], bytes: floats([1, 2, 3, 4, 5, 6]) },
  { name: 'a/scalar', dtype: 'int64', shape: [], bytes: new Uint8Array(BigInt64Array.of(40n).buffer) },
  { name: 'a/graph', dtype: 'string', value: Buffer.from('x'.repeat(300)) },
  { name: 'empty', dtype: 'float32', shape: [0, 4], bytes: new Uint8Array() },
];

function writtenBundle(name: string): string {
  const prefix = join(folder, name);
  writeBundle(prefix, tensors);
  return prefix;
}

test('a written bundle is read back, sorted by name', () => {
  const bundle = openBundle(writtenBundle('whole'));
  assert.deepEqual([...bundle.tensors.keys()], ['a/graph', 'a/scalar', 'b/matrix', 'empty']);
  assert.deepEqual([...bundle.readFloats('b/matrix')], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(bundle.tensors.get('empty')?.shape, [0, 4]);
  assert.equal(bundle.read('a/scalar').readBigInt64LE(), 40n);
  assert.equal(stringElement(bundle.read('a/graph')).length, 300);
  bundle.close();
});

test('a table of many entries takes several blocks and keeps every one', () => {
  const entries = Array.from(
    { length: 9000 },
    (_, i) => [Buffer.from(`name/${String(i).padStart(6, '0')}`), Buffer.alloc(60, i)] as const,
  );
  const table = readTable(writeTable(entries), 'memory');
  assert.equal(table.size, entries.length);
  assert.deepEqual(Buffer.from(table.get('name/008999')!), Buffer.alloc(60, 8999));
});

test('every flipped byte of an index is noticed', () => {
  const prefix = writtenBundle('flipped');
  const good = readFileSync(`${prefix}.index`);
  const padding = (at: number) => at >= good.length - 48 && at < good.length - 8; // the footer's unused bytes say nothing
  for (let at = 0; at < good.length; at++) {
    if (padding(at)) continue;
    const bad = Buffer.from(good);
    bad[at]! ^= 0x40;
    writeFileSync(`${prefix}.index`, bad);
    assert.throws(() => openBundle(prefix), CheckpointError, `byte ${at}`);
  }
});

test('a truncated data file and a damaged tensor are named', () => {
  const prefix = writtenBundle('torn');
  const data = `${prefix}.data-00000-of-00001`;
  const bytes = readFileSync(data);
  bytes[4]! ^= 1;
  writeFileSync(data, bytes);
  assert.throws(() => openBundle(prefix).read('b/matrix'), /torn.*checksum of tensor b\/matrix/);
  truncateSync(data, 10);
  assert.throws(() => openBundle(prefix).read('b/matrix'), /truncated: tensor b\/matrix ends at byte 24/);
  rmSync(data);
  assert.throws(() => openBundle(prefix).read('b/matrix'), /is missing/);
  assert.throws(() => openBundle(join(folder, 'nowhere')), /There is no checkpoint/);
});

test('a large tensor is read by pieces too, and its checksum covers all of them', () => {
  const prefix = join(folder, 'pieces');
  const values = Float32Array.from({ length: 300_000 }, (_, i) => i / 7);
  writeBundle(prefix, [
    { name: 'large', dtype: 'float32', shape: [300, 1000], bytes: new Uint8Array(values.buffer) },
    { name: 'count', dtype: 'int64', shape: [], bytes: new Uint8Array(8) },
  ]);
  const readByPieces = (name: string): Buffer => {
    const bundle = openBundle(prefix);
    const tensor = bundle.storedFloats(name);
    const file = openDataFile(tensor.path);
    const room = Buffer.alloc(2 ** 20);
    const pieces = Array.from(
      storedPieces(tensor, file, (_, length) => room.subarray(0, length)),
      (piece) => Buffer.from(piece),
    );
    closeSync(file);
    bundle.close();
    assert.ok(pieces.length > 1);
    return Buffer.concat(pieces);
  };
  assert.deepEqual(readByPieces('large'), Buffer.from(values.buffer));
  assert.throws(() => readByPieces('count'), /tensor count is int64, not float32/);
  const data = `${prefix}.data-00000-of-00001`;
  for (const at of [9, 600_000, 1_199_999]) {
    const bytes = readFileSync(data);
    bytes[at]! ^= 1;
    writeFileSync(data, bytes);
    assert.throws(() => readByPieces('large'), /damaged: the checksum of tensor large is wrong/);
    bytes[at]! ^= 1;
    writeFileSync(data, bytes);
  }
  truncateSync(data, 1_000_000);
  assert.throws(() => readByPieces('large'), /truncated: tensor large/);
});

test('a forged shape or size is refused before anything is allocated', () => {
  const prefix = join(folder, 'forged');
  const entry = Buffer.from([0x08, 1, 0x12, 8, 0x12, 6, 0x08, 0x80, 0x80, 0x80, 0x80, 0x10, 0x28, 4, 0x35, 0, 0, 0, 0]);
  writeFileSync(
    `${prefix}.index`,
    writeTable([
      [Buffer.alloc(0), Buffer.from([8, 1])],
      [Buffer.from('w'), entry],
    ]),
  );
  assert.throws(() => openBundle(prefix), /tensor w of shape \[4294967296\] cannot have 4 bytes/);
});

test('a checkpoint that TensorFlow wrote in two shards is read, its strings too', () => {
  const bundle = openBundle(fixturePath('tensorflow/sharded'));
  assert.deepEqual([...bundle.tensors.keys()], ['counts/b', 'weights/a', 'words']);
  assert.deepEqual([...bundle.readFloats('weights/a')], [0, 1, 2, 3, 4, 5]);
  assert.equal(bundle.read('counts/b').readBigInt64LE(16), 9n);
  assert.match(bundle.read('words').toString('latin1'), /onethreethree/);
  bundle.close();
});

test('a damaged string, and a shard that is missing, are named', () => {
  const prefix = join(folder, 'shards');
  for (const suffix of ['index', 'data-00000-of-00002', 'data-00001-of-00002']) {
    copyFileSync(fixturePath(`tensorflow/sharded.${suffix}`), `${prefix}.${suffix}`);
  }
  const bytes = readFileSync(`${prefix}.data-00000-of-00002`);
  const at = bytes.indexOf('three');
  for (const [what, offset] of Object.entries({ character: at, length: at - 7 - 3 })) {
    const bad = Buffer.from(bytes);
    bad[offset]! ^= 1;
    writeFileSync(`${prefix}.data-00000-of-00002`, bad);
    assert.throws(() => openBundle(prefix).read('words'), /shards.*checksum of tensor words/, what);
  }
  rmSync(`${prefix}.data-00001-of-00002`);
  assert.throws(() => openBundle(prefix).read('counts/b'), /shards\.data-00001-of-00002 is missing/);
});

test('an index with blocks compressed by snappy is read, and a forged length costs nothing', () => {
  const prefix = writtenBundle('snappy');
  const index = `${prefix}.index`;
  const block = dataBlock(readFileSync(index));
  writeFileSync(index, tableOf(Buffer.from(snappy.compress(block))));
  assert.deepEqual([...openBundle(prefix).readFloats('b/matrix')], [1, 2, 3, 4, 5, 6]);
  // It says that it holds four gigabytes.
  writeFileSync(index, tableOf(Buffer.concat([varint(2 ** 32 - 1), Buffer.from(snappy.compress(block)).subarray(2)])));
  assert.throws(() => openBundle(prefix), /snappy\.index is damaged: the block at byte 0 does not decompress/);
});

/** The only data block of a small table: the meta index follows it, where the footer begins by saying. */
function dataBlock(table: Buffer): Buffer {
  const [low = 0, high = 0] = table.subarray(-48);
  const metaIndex = low < 0x80 ? low : (low & 0x7f) + (high << 7);
  return table.subarray(0, metaIndex - 5);
}

/** A table whose data block is compressed by snappy: block, meta index, index, footer. */
function tableOf(compressed: Buffer): Buffer {
  const parts: Buffer[] = [];
  const append = (block: Buffer, compression: number): Buffer => {
    const offset = parts.reduce((sum, part) => sum + part.length, 0);
    const typed = Buffer.concat([block, Buffer.of(compression)]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(maskedCrc32c(typed));
    parts.push(typed, checksum);
    return Buffer.concat([varint(offset), varint(block.length)]);
  };
  const data = append(compressed, 1);
  const oneRestart = Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]);
  const meta = append(oneRestart, 0);
  const index = append(Buffer.concat([Buffer.of(0, 1, data.length), Buffer.from('z'), data, oneRestart]), 0);
  const footer = Buffer.alloc(48);
  Buffer.concat([meta, index]).copy(footer);
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40);
  return Buffer.concat([...parts, footer]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

test('a failing write leaves nothing behind', () => {
  const prefix = join(folder, 'failing');
  const failing = function* (): Generator<NamedTensor> {
    yield tensors[0]!;
    throw new Error('the device is gone');
  };
  assert.throws(() => writeBundle(prefix, failing()), /the device is gone/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('failing')),
    [],
  );
});

test('a checkpoint of Model Garden is read, and written again byte for byte', {
  skip: sharedPath('golden') === undefined,
}, () => {
  const golden = join(sharedPath('golden/model-garden/model_dir')!, 'ckpt-20');
  const bundle = openBundle(golden);
  assert.equal(bundle.readFloats('masked_lm/embedding_table/.ATTRIBUTES/VARIABLE_VALUE').length, 800 * 48);
  const inFileOrder = [...bundle.tensors].sort(([, a], [, b]) => a.offset - b.offset);
  const prefix = join(folder, 'again');
  const copies = inFileOrder.map(([name, { dtype, shape }]): NamedTensor => {
    const bytes = bundle.read(name);
    return dtype === 'string' ? { name, dtype, value: stringElement(bytes) } : { name, dtype, shape, bytes };
  });
  writeBundle(prefix, copies);
  for (const suffix of ['index', 'data-00000-of-00001']) {
    assert.ok(readFileSync(`${prefix}.${suffix}`).equals(readFileSync(`${golden}.${suffix}`)), suffix);
  }
});
