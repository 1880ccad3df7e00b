/** Length of the UTF-8 sequence at `at`, or 0 if there is no valid one (RFC 3629: shortest form, no surrogates). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (!continues(bytes, at + 1)) return 0;
  if (first < 0xe0) return 2;
  const second = bytes[at + 1]!;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if (!continues(bytes, at + 2)) return 0;
  if (first < 0xf0) return 3;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return continues(bytes, at + 3) ? 4 : 0;
}

const continues = (bytes: Uint8Array, at: number) => at < bytes.length && (bytes[at]! & 0xc0) === 0x80;

/** Where the first byte is that belongs to no valid sequence; the length if all do. */
export function firstUndecodable(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) break;
    at += length;
  }
  return at;
}

/** Only the valid sequences, as Python's `bytes.decode('utf-8', 'ignore')` has it. */
export function dropUndecodable(bytes: Uint8Array): Uint8Array {
  const kept = new Uint8Array(bytes.length);
  let to = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    for (let i = 0; i < length; i++) kept[to++] = bytes[at + i]!;
    at += length || 1;
  }
  return kept.subarray(0, to);
}

/** Number of code points in valid UTF-8: Python's `len` of the text. */
export function codePointCount(bytes: Uint8Array, begin: number, end: number): number {
  let count = 0;
  for (let at = begin; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) count++;
  return count;
}

/** Bytes of a character of valid UTF-8, by its first one. */
export function sequenceWidth(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
