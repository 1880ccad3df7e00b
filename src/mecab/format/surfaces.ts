import { DictionaryError } from './dictionary-error.ts';
import type { Lexicon } from './lexicon.ts';

/**
 * Calls back with each surface of a lexicon, as UTF-8 in `bytes[0, length)`, in no order. A unit of the double array
 * names the base that it hangs on, so one pass over the units finds the children of every base.
 */
export function forEachSurface({ file, trie }: Lexicon, visit: (bytes: Uint8Array, length: number) => void): void {
  const units = trie.length / 2;
  const firstChild = new Int32Array(units).fill(-1);
  const nextChild = new Int32Array(units).fill(-1);
  for (let unit = 1; unit < units; unit++) {
    const base = trie[2 * unit + 1]!;
    if (base < 0 || base > unit || unit - base > 256) continue;
    nextChild[unit] = firstChild[base]!;
    firstChild[base] = unit;
  }
  let bytes = new Uint8Array(256);
  let visited = 0;
  const pending = [firstChild[trie[0]!]!];
  while (pending.length > 0) {
    const unit = pending.pop()!;
    if (unit < 0) continue;
    if (++visited > units) throw new DictionaryError(file, 'its trie has a cycle');
    pending.push(nextChild[unit]!);
    const depth = pending.length - 1;
    const base = trie[2 * unit]!;
    if (base < 0) {
      visit(bytes, depth);
      continue;
    }
    if (depth === bytes.length) {
      const longer = new Uint8Array(2 * depth);
      longer.set(bytes);
      bytes = longer;
    }
    bytes[depth] = unit - trie[2 * unit + 1]! - 1;
    pending.push(firstChild[base]!);
  }
}
