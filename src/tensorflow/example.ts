/**
 * tf.train.Example, the protocol buffer in a TFRecord (tensorflow/core/example/{example,feature}.proto):
 * Example { Features features = 1 }, Features { map<string, Feature> feature = 1 },
 * Feature { BytesList = 1 | FloatList = 2 | Int64List = 3 }, each list { repeated value = 1 }, numbers packed.
 */

/** Values under a name: integers from 0 to 2^31 − 1, integers below 128 (their own encoding), or floats. */
export interface Column {
  readonly name: string;
  readonly values: Int32Array | Uint8Array | Float32Array;
}

export interface ExampleWriter {
  /** The most bytes that an example with columns of these lengths can take. */
  readonly maxLength: number;
  /** Encodes what the columns hold now, at `at`; returns where it ends. */
  write(target: Uint8Array, at: number): number;
}

const floatList = 2;
const int64List = 3;
const lengthDelimited = 2;
const fixed32 = 5;
const field = (number: number, wireType: number) => (number << 3) | wireType;

/** A writer of examples whose features are always these columns, in this order; their values are filled in anew for each example. */
export function exampleWriter(columns: readonly Column[]): ExampleWriter {
  const features = columns.map(({ name, values }) => ({
    name: new TextEncoder().encode(name),
    list: values instanceof Float32Array ? floatList : int64List,
    varints:
      values instanceof Int32Array
        ? { values, packed: new DataView(new ArrayBuffer(5 * values.length + 4)) }
        : undefined,
    // Every machine that Node runs on has floats as the wire has them, little-endian.
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  }));
  const payloads = new Uint32Array(features.length);
  return {
    maxLength: columns.reduce((sum, { name, values }) => sum + 3 * name.length + 5 * values.length + 64, 16),
    write(target, at) {
      let length = 0;
      for (let i = 0; i < features.length; i++) {
        const { name, varints, bytes } = features[i]!;
        payloads[i] = varints ? packVarints(varints.packed, varints.values) : bytes.length;
        length += fieldLength(entryLength(name.length, payloads[i]!));
      }
      let end = writeHeader(target, at, 1, length);
      for (let i = 0; i < features.length; i++) {
        const { name, list, varints, bytes } = features[i]!;
        end = writeFeatureHeader(target, end, name, list, payloads[i]!);
        const payload = varints ? new Uint8Array(varints.packed.buffer, 0, payloads[i]) : bytes;
        target.set(payload, end);
        end += payload.length;
      }
      return end;
    },
  };
}

/** Field number and length of a nested message or a packed list. */
function writeHeader(target: Uint8Array, at: number, number: number, length: number): number {
  target[at] = field(number, lengthDelimited);
  return writeVarint(target, at + 1, length);
}

/** Everything of a map entry up to the numbers themselves; `list` is the field that holds the kind of list. */
function writeFeatureHeader(target: Uint8Array, at: number, name: Uint8Array, list: number, payload: number): number {
  let end = writeHeader(target, at, 1, entryLength(name.length, payload));
  end = writeHeader(target, end, 1, name.length);
  target.set(name, end);
  end = writeHeader(target, end + name.length, 2, fieldLength(packedLength(payload)));
  end = writeHeader(target, end, list, packedLength(payload));
  return payload === 0 ? end : writeHeader(target, end, 1, payload);
}

const fieldLength = (content: number) => 1 + varintLength(content) + content;
const packedLength = (payload: number) => (payload === 0 ? 0 : fieldLength(payload));
const entryLength = (name: number, payload: number) =>
  fieldLength(name) + fieldLength(fieldLength(packedLength(payload)));

/**
 * Writes values from the start of `target`, which has four bytes to spare, and returns their length. Token ids are of two and
 * three bytes in no order that a branch predictor learns: each is one store of four bytes, of which the next one overwrites the rest.
 */
function packVarints(target: DataView, values: Int32Array): number {
  let end = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= 0x200000) {
      end = writeVarint(new Uint8Array(target.buffer), end, value);
      continue;
    }
    const two = (0x7f - value) >>> 31;
    const three = (0x3fff - value) >>> 31;
    const low = (value & 0x7f) | (two << 7) | ((value & 0x3f80) << 1) | (three << 15);
    target.setUint32(end, low | ((value & 0x1fc000) << 2), true);
    end += 1 + two + three;
  }
  return end;
}

function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let end = at;
  while (rest >= 0x80) {
    target[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[end] = rest;
  return end + 1;
}

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
