/** CRC-32C (Castagnoli): the checksum of TFRecord files, tensor bundles and objects in Google Cloud Storage. */

const lanes = 8;
const tables = slicingTables(lanes);

/** [k << 8 | b]: what byte b adds to the checksum when k more bytes follow it, for k < `lanes` ("slicing by eight"). */
export function slicingTables(lanes: number): Int32Array {
  const polynomial = 0x82f63b78;
  const result = new Int32Array(lanes << 8);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    result[byte] = crc;
  }
  for (let i = 256; i < result.length; i++) {
    const previous = result[i - 256]!;
    result[i] = (previous >>> 8) ^ result[previous & 0xff]!;
  }
  return result;
}

/** CRC-32C of `bytes[begin, end)`, unsigned. `before` continues the checksum of earlier bytes. */
export function crc32c(bytes: Uint8Array, begin = 0, end = bytes.length, before = 0): number {
  const t = tables;
  let crc = ~before;
  let i = begin;
  for (const last = end - lanes; i <= last; i += lanes) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      t[0x700 | (crc & 0xff)]! ^
      t[0x600 | ((crc >>> 8) & 0xff)]! ^
      t[0x500 | ((crc >>> 16) & 0xff)]! ^
      t[0x400 | (crc >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

/** As Google Cloud Storage writes it: base64 of its four bytes, the highest first. */
export function checksumText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}
