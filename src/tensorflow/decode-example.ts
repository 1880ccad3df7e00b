/** tf.train.Example, the protocol buffer in a TFRecord: see example-records.ts, which writes it. */

const lengthDelimited = 2;
const fixed32 = 5;

/** Values of one feature: integers exact to 2^53, floats, or byte strings. */
export type Feature =
  | { readonly kind: 'int64'; readonly values: Float64Array }
  | { readonly kind: 'float'; readonly values: Float32Array }
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] };

/** The features of an encoded example in any order, packed or not. Throws `RangeError` if the bytes are none. */
export function decodeExample(bytes: Uint8Array): Map<string, Feature> {
  const features = new Map<string, Feature>();
  const text = new TextDecoder();
  for (const example of fieldsOf(bytes)) {
    if (example.number !== 1) continue;
    for (const entry of fieldsOf(contentOf(example))) {
      if (entry.number !== 1) continue;
      let name = '';
      let feature: Feature = { kind: 'bytes', values: [] };
      for (const part of fieldsOf(contentOf(entry))) {
        if (part.number === 1) name = text.decode(contentOf(part));
        if (part.number === 2) feature = decodeFeature(contentOf(part)) ?? feature;
      }
      features.set(name, feature);
    }
  }
  return features;
}

function decodeFeature(bytes: Uint8Array): Feature | undefined {
  let feature: Feature | undefined;
  for (const list of fieldsOf(bytes)) {
    if (list.number === 1) feature = { kind: 'bytes', values: valuesOf(contentOf(list)).map(contentOf) };
    if (list.number === 2) feature = { kind: 'float', values: decodeFloats(contentOf(list)) };
    if (list.number === 3) feature = { kind: 'int64', values: decodeIntegers(contentOf(list)) };
  }
  return feature;
}

/** The fields of a list message that are its values: one with all of them if packed. */
function valuesOf(list: Uint8Array): Field[] {
  return [...fieldsOf(list)].filter((part) => part.number === 1);
}

function decodeFloats(list: Uint8Array): Float32Array {
  const joined = Buffer.concat(valuesOf(list).map(contentOf));
  if (joined.length % 4 !== 0) malformed();
  return new Float32Array(new Uint8Array(joined).buffer);
}

function decodeIntegers(list: Uint8Array): Float64Array {
  const values: number[] = [];
  for (const part of valuesOf(list)) {
    if (part.content === undefined) {
      values.push(part.value);
      continue;
    }
    const cursor = { bytes: part.content, at: 0 };
    while (cursor.at < cursor.bytes.length) values.push(readVarint(cursor));
  }
  return Float64Array.from(values);
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** One field of a message: `content` of a length-delimited or fixed one, otherwise the varint's value. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly content?: Uint8Array;
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const cursor: Cursor = { bytes, at: 0 };
  while (cursor.at < bytes.length) {
    const tag = readVarint(cursor);
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) {
      yield { number, value: readVarint(cursor) };
      continue;
    }
    const length =
      wireType === lengthDelimited ? readVarint(cursor) : wireType === fixed32 ? 4 : wireType === 1 ? 8 : -1;
    const end = cursor.at + length;
    if (length < 0 || end > bytes.length) malformed();
    yield { number, value: 0, content: bytes.subarray(cursor.at, end) };
    cursor.at = end;
  }
}

const contentOf = (part: Field) => part.content ?? malformed();

/** A 64-bit varint as a number; the upper half is signed, so negative integers come out as such. */
function readVarint(cursor: Cursor): number {
  const { bytes } = cursor;
  const first = bytes[cursor.at++];
  if (first === undefined) malformed();
  if (first < 0x80) return first;
  let low = first & 0x7f;
  let high = 0;
  for (let shift = 7; shift < 70; shift += 7) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) malformed();
    const bits = byte & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) high = bits >>> 4;
    if (shift >= 35) high |= bits << (shift - 32);
    if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
  }
  return malformed();
}

function malformed(): never {
  throw new RangeError('not a tf.train.Example');
}
