import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simpleCommand } from '../../src/executors/local/simple-command.ts';
import { shellQuote } from '../../src/executors/shell-quote.ts';

test('one plain command is taken apart into its words', () => {
  assert.deepEqual(simpleCommand(`cp in/a.txt  '/x y/$z'\n`), ['cp', 'in/a.txt', '/x y/$z']);
  assert.deepEqual(simpleCommand(`a '' b`), ['a', '', 'b']);
});

test('whatever needs a shell is left to it', () => {
  const scripts = [
    '',
    'a; b',
    'a | b',
    'a > b',
    'a &',
    'a $x',
    'a `b`',
    'a *',
    'a ?',
    'a [b]',
    'a ~',
    '~/a',
    'a {b,c}',
    'a # b',
    'a\nb',
    'a "b"',
    'x=1 a',
    'cd /',
    'exit 3',
    'echo a',
    'if a',
    '! a',
    `a'b'`,
    `a 'b'c`,
    `a 'b''c'`,
    'a\\ b',
    '. a',
    'a (b)',
    'source x',
    'time a',
    'exec a',
    'a\tb',
  ];
  for (const script of scripts) assert.equal(simpleCommand(script), undefined, script);
});

test('words that were quoted are found again, or left to the shell', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 5 }), (words) => {
      const found = simpleCommand(`program ${words.map(shellQuote).join(' ')}`);
      if (found) assert.deepEqual(found, ['program', ...words]);
    }),
  );
});
