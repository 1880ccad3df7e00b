// TFRecords of tf.train.Example in AssemblyScript: `npm run build:kernels` compiles it into encode-example.ts. Its memory is
// laid out by example-records.ts: sixteen tables of the checksum at 0, then columns, each with its values and its name.

import { crc32c } from '../checksum/crc32c-blocks.as';

// A column, in words of 32 bits.
const VALUES: usize = 0;
const COUNT: usize = 4;
const KIND: usize = 8;
const NAME: usize = 12;
const NAME_LENGTH: usize = 16;
const PAYLOAD_LENGTH: usize = 20;
const COLUMN_BYTES: usize = 24;

// Kinds of values.
const VARINTS: u32 = 0; // 32-bit integers, zeros after the last up to a multiple of four
const SMALL: u32 = 1; // bytes below 128, their own encoding
const FLOATS: u32 = 2;

// Tags of the fields of example.proto and feature.proto, all of them length-delimited.
const FIRST_FIELD: u32 = 0x0a;
const FEATURE: u32 = 0x12;
const FLOAT_LIST: u32 = 0x12;
const INT64_LIST: u32 = 0x1a;

/** Writes the record of an example with these columns at `at`, and returns where it ends. A few bytes behind it are overwritten too. */
export function writeExampleRecord(columns: usize, columnCount: usize, at: usize): usize {
  const columnsEnd = columns + columnCount * COLUMN_BYTES;
  let length: u32 = 0;
  for (let column = columns; column < columnsEnd; column += COLUMN_BYTES) {
    const payload = payloadLength(column);
    store<u32>(column, payload, PAYLOAD_LENGTH);
    length += fieldLength(entryLength(load<u32>(column, NAME_LENGTH), payload));
  }
  const begin = at + 12;
  let end = writeHeader(begin, FIRST_FIELD, length);
  for (let column = columns; column < columnsEnd; column += COLUMN_BYTES) end = writeFeature(column, end);
  store<u64>(at, end - begin);
  store<u32>(at + 8, masked(crc32c(at, at + 8, 0)));
  store<u32>(end, masked(crc32c(begin, end, 0)));
  return end + 4;
}

/** Bytes of a column's values as they are packed. */
function payloadLength(column: usize): u32 {
  const count = load<u32>(column, COUNT);
  const kind = load<u32>(column, KIND);
  if (kind == SMALL) return count;
  if (kind == FLOATS) return 4 * count;
  const values = load<usize>(column, VALUES);
  // A comparison gives −1 where it holds: the further bytes of four values at a time, counted below zero.
  let further = i32x4.splat(0);
  for (let at = values; at < values + 4 * count; at += 16) {
    const four = v128.load(at);
    further = i32x4.add(further, i32x4.gt_s(four, i32x4.splat(0x7f)));
    further = i32x4.add(further, i32x4.gt_s(four, i32x4.splat(0x3fff)));
    further = i32x4.add(further, i32x4.gt_s(four, i32x4.splat(0x1fffff)));
    further = i32x4.add(further, i32x4.gt_s(four, i32x4.splat(0xfffffff)));
  }
  const pairs = i32x4.add(further, i32x4.shuffle(further, further, 2, 3, 0, 1));
  return count - i32x4.extract_lane(pairs, 0) - i32x4.extract_lane(pairs, 1);
}

/** An entry of the map of features: its name, and a list of packed numbers. */
function writeFeature(column: usize, at: usize): usize {
  const payload = load<u32>(column, PAYLOAD_LENGTH);
  const nameLength = load<u32>(column, NAME_LENGTH);
  const kind = load<u32>(column, KIND);
  let end = writeHeader(at, FIRST_FIELD, entryLength(nameLength, payload));
  end = writeHeader(end, FIRST_FIELD, nameLength);
  memory.copy(end, load<usize>(column, NAME), nameLength);
  end = writeHeader(end + nameLength, FEATURE, fieldLength(packedLength(payload)));
  end = writeHeader(end, kind == FLOATS ? FLOAT_LIST : INT64_LIST, packedLength(payload));
  if (payload == 0) return end;
  end = writeHeader(end, FIRST_FIELD, payload);
  const values = load<usize>(column, VALUES);
  if (kind == VARINTS) return writeVarints(end, values, load<u32>(column, COUNT));
  memory.copy(end, values, payload);
  return end + payload;
}

/**
 * Token ids take one to three bytes in no order that a branch predictor learns: each is one store of four bytes, of which
 * the next one overwrites the rest.
 */
function writeVarints(at: usize, values: usize, count: u32): usize {
  let end = at;
  for (let value = values; value < values + 4 * count; value += 4) {
    const number = load<u32>(value);
    if (number > 0x1fffff) {
      end = writeVarint(end, number);
      continue;
    }
    const two = <u32>(number > 0x7f);
    const three = <u32>(number > 0x3fff);
    const low = (number & 0x7f) | (two << 7) | ((number & 0x3f80) << 1) | (three << 15);
    store<u32>(end, low | ((number & 0x1fc000) << 2));
    end += 1 + two + three;
  }
  return end;
}

function writeHeader(at: usize, tag: u32, length: u32): usize {
  store<u8>(at, tag);
  return writeVarint(at + 1, length);
}

function writeVarint(at: usize, number: u32): usize {
  let rest = number;
  let end = at;
  for (; rest > 0x7f; rest >>= 7) store<u8>(end++, (rest & 0x7f) | 0x80);
  store<u8>(end, rest);
  return end + 1;
}

function entryLength(nameLength: u32, payload: u32): u32 {
  return fieldLength(nameLength) + fieldLength(fieldLength(packedLength(payload)));
}

function packedLength(payload: u32): u32 {
  return payload == 0 ? 0 : fieldLength(payload);
}

/** With its tag and its length, which a varint of seven bits a byte gives. */
function fieldLength(content: u32): u32 {
  return 2 + (31 - clz(content | 1)) / 7 + content;
}

function masked(crc: u32): u32 {
  return rotr<u32>(crc, 15) + 0xa282ead8;
}
