/** tf.train.Example as its protocol buffers say, slowly. */
import type { Column } from '../../src/tensorflow/example-records.ts';
import { recordOverhead, writeRecord } from '../../src/tensorflow/tfrecord.ts';

export function encodeExample(columns: readonly Column[]): Uint8Array {
  const entries = columns.map(({ name, values }) => {
    const packed =
      values instanceof Float32Array
        ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
        : Uint8Array.from([...values].flatMap(varint));
    const list = packed.length === 0 ? packed : field(1, packed);
    const feature = field(values instanceof Float32Array ? 2 : 3, list);
    return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, feature)]));
  });
  return field(1, Buffer.concat(entries));
}

/** Its record in a TFRecord file. */
export function exampleRecord(columns: readonly Column[]): Uint8Array {
  const example = encodeExample(columns);
  const record = new Uint8Array(example.length + recordOverhead);
  writeRecord(record, 0, (at) => {
    record.set(example, at);
    return at + example.length;
  });
  return record;
}

function field(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.from([8 * number + 2, ...varint(content.length)]), content]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}
