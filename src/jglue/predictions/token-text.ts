import { splitAtWhitespace } from '../../text/whitespace.ts';

/** The text that tokens stand for: pieces joined, without any spaces. A ## that begins the text stays. */
export function tokenText(tokens: readonly string[]): string {
  return splitAtWhitespace(tokens.join(' ').replaceAll(' ##', '')).join('');
}
