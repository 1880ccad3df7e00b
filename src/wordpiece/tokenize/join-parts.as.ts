// Lists of texts in AssemblyScript: `npm run build:kernels` compiles it into join-parts.ts.

/**
 * Writes the parts of `count` pieces to `to`, ", " between them, and returns where they end. `parts` has for each piece where its
 * part lies and its length. Sixteen bytes are copied at a time, so as many behind a part must be there to read, and
 * to write behind the last.
 */
export function joinParts(pieces: usize, count: usize, parts: usize, to: usize): usize {
  if (count === 0) return to;
  for (const end = pieces + (count << 2); pieces < end; pieces += 4) {
    const part = parts + (<usize>load<u32>(pieces) << 3);
    const from: usize = load<u32>(part);
    const length: usize = load<u32>(part, 4);
    for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at));
    to += length;
    store<u16>(to, 0x202c);
    to += 2;
  }
  return to - 2;
}
