/** A rule from text to text, applied to UTF-8 bytes without making strings of them wherever that is possible. */
export interface ByteNormalizer {
  /** The result of the last call; replaced when it has to grow. */
  readonly bytes: Uint8Array;
  /** Applies the rule to valid UTF-8 and returns the length of the result in bytes. */
  normalize(source: Uint8Array, begin: number, end: number): number;
}

/** Characters that change what stands before them: marks, and Hangul letters that make a syllable. */
const joining = /[\p{M}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/u;

const kinds = { unknown: 0, same: 1, mapped: 2, joined: 3 } as const;

/**
 * Learns what the rule (a composition of NFKC, case mapping per character and dropping of characters) makes of each
 * character that it meets. Texts of characters that do not depend on their neighbours are copied through that table;
 * others, and those with one of `joined` in them, go through the rule whole.
 */
export function byteNormalizer(rule: (text: string) => string, joined = ''): ByteNormalizer {
  const kindOf = new Uint8Array(0x110000);
  const mapped = new Map<number, Uint8Array>();
  const encoder = new TextEncoder();
  for (const character of joined) kindOf[character.codePointAt(0)!] = kinds.joined;
  let bytes = new Uint8Array(1 << 16);

  function learn(code: number): number {
    const character = String.fromCodePoint(code);
    const result = rule(character);
    if (joining.test(character) || joining.test(character.normalize('NFKC')) || joining.test(result))
      return kinds.joined;
    if (result === character) return kinds.same;
    mapped.set(code, encoder.encode(result));
    return kinds.mapped;
  }

  function grow(capacity: number): void {
    const larger = new Uint8Array(2 * capacity);
    larger.set(bytes);
    bytes = larger;
  }

  function normalizeWhole(source: Uint8Array, begin: number, end: number): number {
    const text = rule(Buffer.from(source.buffer, source.byteOffset + begin, end - begin).toString());
    if (3 * text.length > bytes.length) grow(3 * text.length);
    return encoder.encodeInto(text, bytes).written;
  }

  return {
    get bytes() {
      return bytes;
    },
    normalize(source, begin, end) {
      if (end - begin > bytes.length) grow(end - begin);
      let at = begin;
      let to = 0;
      while (at < end) {
        const first = source[at]!;
        let code = first;
        let width = 1;
        if (first >= 0xf0) {
          code =
            ((first & 7) << 18) |
            ((source[at + 1]! & 63) << 12) |
            ((source[at + 2]! & 63) << 6) |
            (source[at + 3]! & 63);
          width = 4;
        } else if (first >= 0xe0) {
          code = ((first & 15) << 12) | ((source[at + 1]! & 63) << 6) | (source[at + 2]! & 63);
          width = 3;
        } else if (first >= 0x80) {
          code = ((first & 31) << 6) | (source[at + 1]! & 63);
          width = 2;
        }
        let kind = kindOf[code]!;
        if (kind === kinds.unknown) {
          kind = learn(code);
          kindOf[code] = kind;
        }
        if (kind === kinds.same) {
          bytes[to] = first;
          if (width > 1) bytes[to + 1] = source[at + 1]!;
          if (width > 2) bytes[to + 2] = source[at + 2]!;
          if (width > 3) bytes[to + 3] = source[at + 3]!;
          to += width;
        } else if (kind === kinds.mapped) {
          const replacement = mapped.get(code)!;
          // What is left of the source fits behind the replacement, so that plain copying needs no check.
          if (to + replacement.length + end - at > bytes.length) grow(to + replacement.length + end - at);
          for (let i = 0; i < replacement.length; i++) bytes[to++] = replacement[i]!;
        } else {
          return normalizeWhole(source, begin, end);
        }
        at += width;
      }
      return to;
    },
  };
}
