import type { Lexicon } from './lexicon.ts';

/** The characters, of at most three bytes, that stand before and behind each of `codes` in the words of a lexicon. */
export interface Neighbours {
  readonly before: ReadonlySet<number>;
  readonly behind: ReadonlySet<number>;
}

/**
 * Goes through the units of the trie once, not through its words: a unit says by its check which base it hangs on, and so by
 * which byte. Characters that end at a unit are read upwards, those that follow it downwards.
 */
export function neighboursOf({ trie }: Lexicon, codes: readonly number[]): Neighbours {
  const units = trie.length / 2;
  const unitOfBase = new Int32Array(units).fill(-1);
  for (let unit = 0; unit < units; unit++) if (trie[2 * unit]! > 0) unitOfBase[trie[2 * unit]!] = unit;
  const endsCode = new Uint8Array(256);
  for (const code of codes) endsCode[Buffer.from(String.fromCharCode(code)).at(-1)!] = 1;
  const before = new Set<number>();
  const behind = new Set<number>();

  /** The byte by which a unit hangs on its parent, and the parent; −1 where it does not. */
  const byteOf = (unit: number): number => {
    const base = trie[2 * unit + 1]!; // 0 in units that are not used.
    const byte = unit - base - 1;
    return base > 0 && byte >= 0 && byte < 256 ? byte : -1;
  };
  const parentOf = (unit: number): number => unitOfBase[trie[2 * unit + 1]!] ?? -1;

  /** The character whose last byte leads to `unit`, and the unit before it. */
  function characterUpTo(unit: number): { code: number; unit: number } | undefined {
    let code = 0;
    for (let at = unit, bits = 0; at > 0 && bits <= 12; bits += 6, at = parentOf(at)) {
      const byte = byteOf(at);
      if (byte < 0) return undefined;
      if ((byte & 0xc0) === 0x80) code |= (byte & 0x3f) << bits;
      else return { code: code | (byte < 0x80 ? byte : (byte & (0x3f >> (bits / 6))) << bits), unit: parentOf(at) };
    }
    return undefined;
  }

  /** Adds the characters that go on from `unit`; `code` and `missing`: the bits and number of bytes of one that has begun. */
  function addCharactersFrom(unit: number, code: number, missing: number): void {
    const base = trie[2 * unit]!;
    if (base <= 0) return;
    for (let byte = 0; byte < 256; byte++) {
      const child = base + byte + 1;
      if (trie[2 * child + 1] !== base) continue;
      if (missing === 1) behind.add((code << 6) | (byte & 0x3f));
      else if (missing > 1) addCharactersFrom(child, (code << 6) | (byte & 0x3f), missing - 1);
      else if (byte < 0x80) behind.add(byte);
      else if (byte < 0xf0) addCharactersFrom(child, byte & (byte < 0xe0 ? 0x1f : 0x0f), byte < 0xe0 ? 1 : 2);
    }
  }

  for (let unit = 1; unit < units; unit++) {
    const byte = byteOf(unit);
    if (byte < 0 || endsCode[byte] === 0) continue;
    const character = characterUpTo(unit);
    if (!character || !codes.includes(character.code)) continue;
    const previous = characterUpTo(character.unit);
    if (previous) before.add(previous.code);
    addCharactersFrom(unit, 0, 0);
  }
  return { before, behind };
}
