import fc from 'fast-check';
import { sampleText } from '../../src/mecab/search/sample-text.ts';

// U+FFFF is left out: MeCab reads its category from behind the end of char.bin.
const block = fc.integer({ min: 0, max: 0x10ff }).filter((high) => high < 0xd8 || high > 0xdf);
const anyCharacter = fc
  .tuple(block, fc.integer({ min: 0, max: 0xff }))
  .map(([high, low]) => high * 256 + low)
  .filter((code) => code !== 0 && code !== 0x0a && code !== 0xffff)
  .map((code) => String.fromCodePoint(code));
const common = fc.constantFrom(
  ...' 　\tー・。、aA0９１ＡαЖ一二十年月人々ヶァアンぁあん゛ﾞ😀𠮷',
  '\u0301',
  '\u00a0',
  '\ufeff',
);
const run = fc.tuple(fc.oneof(anyCharacter, common), fc.integer({ min: 1, max: 30 })).map(([c, n]) => c.repeat(n));
const prose = sampleText.replaceAll('\n', '');
const snippet = fc.tuple(fc.nat(prose.length), fc.nat(20)).map(([at, n]) => prose.slice(at, at + n));

/** Lines of characters of all blocks of Unicode, of runs of one character, and of ordinary Japanese. */
export const textLine: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof(anyCharacter, common, run, snippet), { maxLength: 12 })
  .map((parts) => Buffer.from(parts.join('')));

const byte = fc.integer({ min: 1, max: 255 }).filter((value) => value !== 0x0a);

/** Lines that are not UTF-8: any bytes, or text with one byte changed. */
export const byteLine: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.array(byte, { maxLength: 40 }).map((bytes) => Uint8Array.from(bytes)),
  fc
    .tuple(textLine, fc.nat(), byte)
    .map(([line, at, value]) => line.map((old, i) => (i === at % line.length ? value : old))),
);
