import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CheckpointError } from '../../src/tensorflow/bundle/error.ts';
import { openBundle } from '../../src/tensorflow/bundle/reader.ts';
import { stringElement } from '../../src/tensorflow/bundle/strings.ts';
import { readTable, writeTable } from '../../src/tensorflow/bundle/table.ts';
import { type NamedTensor, writeBundle } from '../../src/tensorflow/bundle/writer.ts';
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
