/** CRC-32C as TFRecord files, tensor bundles and event files hold it. */
import { crc32c } from '../checksum/crc32c.ts';

export { crc32c } from '../checksum/crc32c.ts';

/** Rotated and shifted, so that a checksum over data that holds checksums stays meaningful (tensorflow/core/lib/hash/crc32c.h). */
export function maskCrc32c(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The masked CRC-32C of `bytes[begin, end)`. */
export function maskedCrc32c(bytes: Uint8Array, begin = 0, end = bytes.length): number {
  return maskCrc32c(crc32c(bytes, begin, end));
}
