import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { crc32c } from '../../src/tensorflow/crc32c.ts';
import { decodeExample } from '../../src/tensorflow/decode-example.ts';
import { type Column, type ExampleRecords, exampleRecords } from '../../src/tensorflow/example-records.ts';
import { readRecords, recordOverhead, writeRecord } from '../../src/tensorflow/tfrecord.ts';
import { sharedPath } from '../shared.ts';
import { encodeExample, exampleRecord } from './encode-example.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-tfrecord-'));
after(() => rmSync(folder, { recursive: true }));

function records(contents: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(contents.reduce((sum, content) => sum + content.length + recordOverhead, 0));
  let at = 0;
  for (const content of contents) {
    at = writeRecord(file, at, (begin) => {
      file.set(content, begin);
      return begin + content.length;
    });
  }
  return file;
}

async function readAll(path: string): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const record of readRecords(path)) all.push(Uint8Array.from(record));
  return all;
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test('the checksum is that of RFC 3720, whole or in pieces', () => {
  const text = new TextEncoder().encode('123456789');
  assert.equal(crc32c(text), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(text, 4, 9, crc32c(text, 0, 4)), 0xe3069283);
});

test('what is written is read again, plain, gzipped, or gzipped in several members', async () => {
  const contents = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(3_000_000).fill(7), Uint8Array.of(9)];
  const plain = records(contents);
  const members = Buffer.concat([gzipSync(plain.subarray(0, 20)), gzipSync(plain.subarray(20))]);
  for (const bytes of [plain, gzipSync(plain), members]) {
    assert.deepEqual(await readAll(write('whole', bytes)), contents);
  }
  assert.deepEqual(await readAll(write('empty', new Uint8Array(0))), []);
});

test('a plain file whose first record looks like the start of a gzip file is read as plain', async () => {
  const content = new Uint8Array(0x088b1f);
  assert.deepEqual(await readAll(write('masked', records([content]))), [content]);
});

test('any damaged or missing byte is refused, and the message names file and record', async () => {
  const whole = records([Uint8Array.of(1, 2, 3), new Uint8Array(40)]);
  for (let i = 0; i < whole.length; i++) {
    const damaged = Uint8Array.from(whole);
    damaged[i]! ^= 0x10;
    const record = i < 19 ? 0 : 1;
    await assert.rejects(readAll(write('damaged', damaged)), {
      name: 'RecordError',
      message: new RegExp(i === 0 ? 'damaged: ' : `damaged: record ${record} \\(byte ${record * 19}\\)`),
    });
  }
  await assert.rejects(readAll(write('short', whole.subarray(0, 30))), /short: record 1 .*ends in the middle/);
  const zipped = gzipSync(whole);
  await assert.rejects(readAll(write('cut.gz', zipped.subarray(0, -9))), /cut\.gz: not a whole gzip file/);
});

/** The same columns where these records take them from. */
function ownColumns(records: ExampleRecords, columns: readonly Column[]): Column[] {
  return columns.map(({ name, values }) => {
    const own =
      values instanceof Int32Array
        ? records.int32(values.length)
        : values instanceof Uint8Array
          ? records.uint8(values.length)
          : records.float32(values.length);
    own.set(values);
    return { name, values: own };
  });
}

test('records of examples are what their protocol buffers say, and decode to the same features', async () => {
  const integer = fc.integer({ min: 0, max: 31 }).chain((bits) => fc.integer({ min: 0, max: 2 ** bits - 1 }));
  const column = fc.record({
    name: fc.string({ maxLength: 200 }),
    values: fc.oneof(
      fc.array(integer, { maxLength: 200 }).map((values) => Int32Array.from(values)),
      fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 200 }).map((values) => Uint8Array.from(values)),
      fc.array(fc.float({ noNaN: true }), { maxLength: 300 }).map((values) => Float32Array.from(values)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(column, { maxLength: 5, selector: ({ name }) => name }), async (columns) => {
      const expected = exampleRecord(columns);
      const records = exampleRecords();
      records.setColumns(ownColumns(records, columns));
      for (let i = 0; i < 3; i++) records.append();
      const file = write('examples', Uint8Array.from(records.take()));
      for (const example of await readAll(file)) {
        assert.ok(Buffer.from(example).equals(encodeExample(columns)));
        const features = [...decodeExample(example)];
        assert.deepEqual(
          features.map(([name, { values }]) => ({ name, values: Array.from(values as Float64Array) })),
          columns.map(({ name, values }) => ({ name, values: Array.from(values) })),
        );
      }
      assert.equal(records.take().length, 0);
      records.append();
      assert.deepEqual(Uint8Array.from(records.take()), expected);
    }),
  );
});

test('decoding takes negative, unpacked and byte values, skips unknown fields, and refuses other bytes', () => {
  const message = (number: number, ...content: number[]) => [(number << 3) | 2, content.length, ...content];
  const entry = (name: number, ...feature: number[]) => message(1, ...message(1, name), ...message(2, ...feature));
  const minusOne = [...new Array<number>(9).fill(0xff), 0x01];
  const bytes = message(
    1,
    ...entry(0x61, ...message(3, 0x08, ...minusOne, 0x08, 0x05, 0x10, 0x07)),
    ...entry(0x62, ...message(1, ...message(1, 0x78))),
    ...entry(0x63, ...message(2, 0x0d, 0, 0, 0x80, 0x3f)),
  );
  const features = decodeExample(Uint8Array.from([...bytes, 0x50, 0x01]));
  assert.deepEqual(features.get('a'), { kind: 'int64', values: Float64Array.of(-1, 5) });
  assert.deepEqual(features.get('b'), { kind: 'bytes', values: [Uint8Array.of(0x78)] });
  assert.deepEqual(features.get('c'), { kind: 'float', values: Float32Array.of(1) });
  assert.throws(() => decodeExample(Uint8Array.from(bytes.slice(0, -3))), RangeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      try {
        decodeExample(noise);
      } catch (error) {
        assert.ok(error instanceof RangeError);
      }
    }),
  );
});

test('records of the original come out byte for byte when decoded and encoded again', async (t) => {
  const path = sharedPath('golden/wordpiece-512.tfrecord.gz');
  if (path === undefined) return t.skip('reference data absent');
  let count = 0;
  for await (const record of readRecords(path)) {
    const features = [...decodeExample(record)].map(([name, { kind, values }]) => ({
      name,
      values: kind === 'float' ? values : Int32Array.from(values as Float64Array),
    }));
    const records = exampleRecords();
    records.setColumns(ownColumns(records, features));
    records.append();
    assert.ok(Buffer.from(record).equals(records.take().subarray(12, -4)));
    count++;
  }
  assert.equal(count, 4094);
});
