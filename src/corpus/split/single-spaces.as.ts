// White space of whole lines made single spaces, in AssemblyScript: `npm run build:kernels` compiles it into
// single-spaces.ts. Sixteen bytes at a time are copied until one of them may begin white space or end a line.

const LF: u32 = 0x0a;
const CR: u32 = 0x0d;

/**
 * Writes `" ".join(line.split())` of each line of the UTF-8 text in [from, end), and a line feed behind it, to `to`; returns
 * where that ends. Stores at `ends` how many lines are blank, then where each of them ends. Lines end at LF, CR LF or CR.
 * There must be a line feed at `end`, and 16 bytes more.
 */
export function singleSpaces(from: usize, end: usize, to: usize, ends: usize): usize {
  let at = from;
  let lineFrom = from;
  let lineTo = to;
  let blank = ends;
  while (true) {
    const bytes = v128.load(at);
    v128.store(to, bytes);
    const plain: usize = ctz(special(bytes, at) | 0x10000);
    at += plain;
    to += plain;
    if (plain === 16) continue;
    const byte: u32 = load<u8>(at);
    if (byte === LF || byte === CR) {
      if (at >= end && lineFrom >= end) break;
      store<u8>(to++, LF);
      if (to === lineTo + 1) store<u32>((blank += 4), to);
      at += byte === CR && at + 1 < end && load<u8>(at, 1) === LF ? 2 : 1;
      if (at >= end) break;
      lineFrom = at;
      lineTo = to;
      continue;
    }
    let width = whitespaceAt(at);
    if (width === 0) {
      at++;
      to++;
      continue;
    }
    do {
      at += width;
      width = whitespaceAt(at);
    } while (width > 0);
    const isInside = to > lineTo && load<u8>(at) !== LF && load<u8>(at) !== CR;
    if (isInside) store<u8>(to++, 0x20);
  }
  store<u32>(ends, <u32>((blank - ends) >> 2));
  return to;
}

/** A bit for each of sixteen bytes: it ends a line, or may begin white space (of those with E3, only E3 80 80 is). */
// @ts-ignore: decorator
@inline
function special(bytes: v128, at: usize): i32 {
  const control = i8x16.lt_u(bytes, i8x16.splat(0x21));
  const narrow = v128.or(i8x16.eq(bytes, i8x16.splat(<i8>0xc2)), i8x16.eq(bytes, i8x16.splat(<i8>0xe1)));
  const general = i8x16.eq(bytes, i8x16.splat(<i8>0xe2));
  const eighty = i8x16.splat(<i8>0x80);
  const behind = v128.and(i8x16.eq(v128.load(at, 1), eighty), i8x16.eq(v128.load(at, 2), eighty));
  const ideographic = v128.and(i8x16.eq(bytes, i8x16.splat(<i8>0xe3)), behind);
  return i8x16.bitmask(v128.or(v128.or(control, narrow), v128.or(general, ideographic)));
}

/** Length of the white space at `at` that ends no line, 0 if there is none: see whitespace.ts. */
function whitespaceAt(at: usize): usize {
  const first: u32 = load<u8>(at);
  if (first < 0x80) {
    const isSpace = first === 0x20 || first === 0x09 || first === 0x0b || first === 0x0c || (first >= 0x1c && first <= 0x1f);
    return isSpace ? 1 : 0;
  }
  const second: u32 = load<u8>(at, 1);
  if (first === 0xc2) return second === 0x85 || second === 0xa0 ? 2 : 0;
  const third: u32 = load<u8>(at, 2);
  if (first === 0xe3) return second === 0x80 && third === 0x80 ? 3 : 0;
  if (first === 0xe1) return second === 0x9a && third === 0x80 ? 3 : 0;
  if (first !== 0xe2) return 0;
  if (second === 0x81) return third === 0x9f ? 3 : 0;
  const isSpace = third <= 0x8a || third === 0xa8 || third === 0xa9 || third === 0xaf;
  return second === 0x80 && isSpace ? 3 : 0;
}
