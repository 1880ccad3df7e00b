import { absentFrom } from './unicode-version.ts';

const isAbsent = absentFrom(14);
const otherOrSeparator = /(?! )[\p{C}\p{Z}]/u;

/** CPython 3.11's `str.isprintable` of one code point. */
export function isPrintable(code: number): boolean {
  return !isAbsent(code) && !otherOrSeparator.test(String.fromCodePoint(code));
}
