/** [k << 8 | b]: what byte b adds to a CRC-32C when k more bytes follow it, for k < `lanes` ("slicing by `lanes`"). */
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
