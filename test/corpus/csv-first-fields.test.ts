import assert from 'node:assert/strict';
import test from 'node:test';
import { csvFirstFields } from '../../src/corpus/csv-first-fields.ts';

// What Python's csv.reader gives for the same text.
const cases: [string, string[]][] = [
  ['a,b\n"b""x",c\n\n,d\n"a\nb",c\r\nx"y",z\n"q"w"e,r\n', ['a', 'b"x', '', 'a\nb', 'x"y"', 'qw"e']],
  ['""""', ['"']],
  ["'a'\rb,c\n", ["'a'", 'b']],
  ['"a', ['a']],
  ['a,"b\nc",d\ne\n', ['a', 'e']],
  ['"x"y,"\n', ['xy']],
  ['  "a",b\n', ['  "a"']],
  ['"",1\n"""",2\n', ['', '"']],
];

for (const [text, expected] of cases) {
  test(`${JSON.stringify(text)} has the first fields that Python reads`, () => {
    const whole: string[] = [];
    const readWhole = csvFirstFields((field) => whole.push(field));
    readWhole(text);
    readWhole(undefined);
    assert.deepEqual(whole, expected);
    const pieces: string[] = [];
    const readPiece = csvFirstFields((field) => pieces.push(field));
    for (const character of text) readPiece(character);
    readPiece(undefined);
    assert.deepEqual(pieces, expected);
  });
}
