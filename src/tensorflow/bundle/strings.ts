/**
 * Tensors of strings as a bundle stores them (WriteStringTensor, tensorflow/core/util/tensor_bundle/tensor_bundle.cc): the elements' lengths as
 * varints, the masked checksum of the lengths, the elements' bytes. Both checksums take each length as 32 bits, or 64 where it needs them.
 */
import { crc32c, maskCrc32c, maskedCrc32c } from '../crc32c.ts';

/** The data and the checksum of a scalar. */
export function storedString(value: Uint8Array): { bytes: Uint8Array; checksum: number } {
  const length = fixed(value.length);
  const lengthChecksum = uint32(maskedCrc32c(length));
  const varint: number[] = [];
  for (let rest = value.length; ; rest >>>= 7) {
    varint.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  const checksum = maskCrc32c(crc32c(Buffer.concat([length, lengthChecksum, value])));
  return { bytes: Buffer.concat([Buffer.from(varint), lengthChecksum, value]), checksum };
}

/** The element of a scalar as it is stored. */
export function stringElement(stored: Uint8Array): Uint8Array {
  let at = 0;
  while ((stored[at] ?? 0) >= 0x80) at++;
  return stored.subarray(at + 1 + 4);
}

/** The checksum that a tensor of this shape should have; undefined if the bytes cannot be one. */
export function stringsChecksum(stored: Uint8Array, shape: readonly number[]): number | undefined {
  const count = shape.reduce((product, extent) => product * extent, 1);
  // Each length takes a byte at least: a forged shape costs nothing.
  if (count > stored.length) return undefined;
  let at = 0;
  let checksum = 0;
  for (let element = 0; element < count; element++) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = stored[at++];
      if (byte === undefined || scale > 2 ** 49) return undefined;
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    const bytes = fixed(length);
    checksum = crc32c(bytes, 0, bytes.length, checksum);
  }
  const lengthsEnd = at + 4;
  if (lengthsEnd > stored.length) return undefined;
  if (count > 0 && !uint32(maskCrc32c(checksum)).equals(stored.subarray(at, lengthsEnd))) return undefined;
  return maskCrc32c(crc32c(stored, at, stored.length, checksum));
}

function fixed(length: number): Buffer {
  if (length < 2 ** 32) return uint32(length);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(length));
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
