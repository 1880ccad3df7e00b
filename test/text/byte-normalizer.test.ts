import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { byteNormalizer } from '../../src/text/byte-normalizer.ts';
import { lowerCaseEach } from '../../src/text/lower-case.ts';
import { nfkc, nfkcOfTokenizers } from '../../src/text/normalize.ts';

const character = fc.oneof(
  fc.constantFrom(...'がｶﾞﾊﾟ゙゚（１）ＡｂΣςİß㌔㍿ﷺ각각ᄀ한Ⅷ…①´éé\u200b\ufeff\0 \t'),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.integer({ min: 0x3000, max: 0x30ff }).map((code) => String.fromCodePoint(code)),
  fc.integer({ min: 0xac00, max: 0xd7af }).map((code) => String.fromCodePoint(code)),
);

const rules = { nfkc, nfkcOfTokenizers, 'lower case, then nfkc': (text: string) => nfkc(lowerCaseEach(text)) };

for (const [name, rule] of Object.entries(rules)) {
  test(`${name}: bytes become what the rule makes of the text`, () => {
    const normalizer = byteNormalizer(rule);
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 20 }), fc.nat(3), (text, before) => {
        const source = Buffer.from('x'.repeat(before) + text);
        const length = normalizer.normalize(source, before, source.length);
        assert.equal(Buffer.from(normalizer.bytes.subarray(0, length)).toString(), rule(text));
      }),
      { numRuns: 5000 },
    );
  });
}

test('a text that grows beyond the buffer is kept whole', () => {
  const normalizer = byteNormalizer(nfkc);
  const text = 'ﷺ'.repeat(50_000);
  const length = normalizer.normalize(Buffer.from(text), 0, 150_000);
  assert.equal(Buffer.from(normalizer.bytes.subarray(0, length)).toString(), nfkc(text));
});

test('a text with a joined character goes through the rule whole', () => {
  const normalizer = byteNormalizer((text) => (text === '[A]' ? text : text.toLowerCase()), '[');
  const length = normalizer.normalize(Buffer.from('[A]'), 0, 3);
  assert.equal(Buffer.from(normalizer.bytes.subarray(0, length)).toString(), '[A]');
});
