/**
 * Paths that only the run knows travel through expressions as marked strings, so that format() and join() work on
 * them; afterwards the marks are cut out again. A mark begins with private-use characters drawn anew in each
 * process, so a workflow cannot contain one.
 */
import { randomBytes } from 'node:crypto';

const privateUse = (offset: number) => String.fromCharCode(0xe000 + offset);
const digitBase = 0x600;
const closing = privateUse(0x700);
const opening = Array.from(randomBytes(16), (byte) => privateUse(0x100 + byte)).join('');
const mark = new RegExp(`${opening}([${privateUse(digitBase)}-${privateUse(digitBase + 9)}]+)${closing}`);

/** The mark that stands for number `index` of a list that the caller keeps. */
export function markOf(index: number): string {
  const digits = Array.from(String(index), (digit) => privateUse(digitBase + Number(digit)));
  return `${opening}${digits.join('')}${closing}`;
}

export const hasMark = (text: string) => text.includes(opening);

/** The text cut at its marks: strings, and numbers for the marks. No empty strings. */
export function splitAtMarks(text: string): (string | number)[] {
  if (!hasMark(text)) return text === '' ? [] : [text];
  const parts = text.split(mark).map((part, i) => (i % 2 === 0 ? part : numberOf(part)));
  return parts.filter((part) => part !== '');
}

function numberOf(digits: string): number {
  return Number(Array.from(digits, (digit) => digit.charCodeAt(0) - 0xe000 - digitBase).join(''));
}
