/** What Python's `str.strip`, `str.split` and `\s` take for white space; not U+FEFF, which JavaScript's `\s` includes. */
export const whitespace = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const atStart = new RegExp(`^[${whitespace}]+`);
const atEnd = new RegExp(`[${whitespace}]+$`);

/** Python's `str.lstrip`. */
export function stripStart(text: string): string {
  return text.replace(atStart, '');
}

/** Python's `str.rstrip`. */
export function stripEnd(text: string): string {
  return text.replace(atEnd, '');
}

/** Python's `str.strip`. */
export function strip(text: string): string {
  return stripStart(stripEnd(text));
}

/** Python's `str.split` without a separator. */
export function splitAtWhitespace(text: string): string[] {
  return text.match(words) ?? [];
}

const words = new RegExp(`[^${whitespace}]+`, 'g');

/** Length in bytes of the white-space character that starts at `at` of UTF-8 text, or 0 if none does. */
export function whitespaceAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80)
    return first === 0x20 || (first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x1f) ? 1 : 0;
  if (first === 0xc2) return at + 1 < end && (bytes[at + 1] === 0x85 || bytes[at + 1] === 0xa0) ? 2 : 0;
  if (first < 0xe1 || first > 0xe3 || at + 2 >= end) return 0;
  return isWideSpace(first, bytes[at + 1]!, bytes[at + 2]!) ? 3 : 0;
}

/** `whitespaceAt` by Unicode's White_Space, as Rust's `char::is_whitespace`: U+001C to U+001F are not. */
export function unicodeWhitespaceAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  return first >= 0x1c && first <= 0x1f ? 0 : whitespaceAt(bytes, at, end);
}

function isWideSpace(first: number, second: number, third: number): boolean {
  if (first === 0xe3) return second === 0x80 && third === 0x80;
  if (first === 0xe1) return second === 0x9a && third === 0x80;
  if (second === 0x81) return third === 0x9f;
  return second === 0x80 && (third <= 0x8a || third === 0xa8 || third === 0xa9 || third === 0xaf);
}

/** Where UTF-8 text begins once leading white space is gone. */
export function strippedBegin(bytes: Uint8Array, begin: number, end: number, spaceAt = whitespaceAt): number {
  let at = begin;
  while (at < end) {
    const length = spaceAt(bytes, at, end);
    if (length === 0) break;
    at += length;
  }
  return at;
}

/** Where UTF-8 text ends once trailing white space is gone. */
export function strippedEnd(bytes: Uint8Array, begin: number, end: number, spaceAt = whitespaceAt): number {
  let to = end;
  while (to > begin) {
    let at = to - 1;
    while (at > begin && (bytes[at]! & 0xc0) === 0x80) at--;
    if (spaceAt(bytes, at, to) !== to - at) break;
    to = at;
  }
  return to;
}
