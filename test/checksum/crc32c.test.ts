import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../src/checksum/crc32c.ts';

/** As RFC 3720 defines it, a bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff);

test('any length has the checksum of its definition, short ones and those of several blocks', () => {
  for (const length of [0, 1, 7, 8, 9, 255, 256, 257, 271, 4096, 49151, 49152, 49153, 2 * 49152 + 15, 200_001]) {
    assert.equal(crc32c(bytesOf(length)), bitwise(bytesOf(length)), String(length));
  }
});

test('a part of an array counts alone, and a checksum goes on from any place', () => {
  const bytes = bytesOf(120_000);
  const place = fc.integer({ min: 0, max: bytes.length });
  fc.assert(
    fc.property(fc.tuple(place, place, place), (places) => {
      const [begin, middle, end] = places.toSorted((a, b) => a - b) as [number, number, number];
      const whole = crc32c(bytes, begin, end);
      assert.equal(whole, crc32c(bytes.slice(begin, end)));
      assert.equal(whole, crc32c(bytes, middle, end, crc32c(bytes, begin, middle)));
    }),
  );
});
