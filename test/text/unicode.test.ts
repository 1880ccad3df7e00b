import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { lowerCase } from '../../src/text/lower-case.ts';
import { nfkc, nfkcOfTokenizers } from '../../src/text/normalize.ts';
import { isPrintable } from '../../src/text/printable.ts';
import { strip } from '../../src/text/whitespace.ts';
import { fixturePath } from '../fixtures.ts';

const expected: Record<string, string> = JSON.parse(readFileSync(fixturePath('unicode-rules.json'), 'utf8'));

const rules: Record<string, (character: string) => string> = {
  nfkc,
  'nfkc between marks': (c) => nfkc(`e\u0323${c}\u0327\u0301`),
  'nfkc of tokenizers': nfkcOfTokenizers,
  'nfkc of tokenizers between marks': (c) => nfkcOfTokenizers(`e\u0323${c}\u0327\u0301`),
  printable: (c) => (isPrintable(c.codePointAt(0)!) ? '1' : '0'),
  whitespace: (c) => (strip(c) === '' ? '1' : '0'),
  lower: lowerCase,
  'lower before sigma': (c) => lowerCase(`A${c}Σ`),
  'lower behind sigma': (c) => lowerCase(`AΣ${c}A`),
};

for (const [name, rule] of Object.entries(rules)) {
  test(`${name}: all code points as in the original's version of Unicode`, () => {
    const digests = expected[name]!.split(' ');
    const differing = digests.flatMap((digest, block) =>
      digest === digestOf(rule, block) ? [] : [block.toString(16)],
    );
    assert.deepEqual(differing, [], 'blocks of 4096 code points that differ');
  });
}

function digestOf(rule: (character: string) => string, block: number): string {
  const results: string[] = [];
  for (let code = block << 12; code < (block + 1) << 12; code++) {
    if (code < 0xd800 || code > 0xdfff) results.push(rule(String.fromCodePoint(code)));
  }
  return createHash('sha256').update(results.join('\n')).digest('hex').slice(0, 12);
}
