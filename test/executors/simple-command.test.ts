import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSimpleCommand } from '../../src/executors/local/simple-command.ts';

test('one plain command, also with redirections, needs no shell', () => {
  const scripts = [
    `cp in/a.txt  '/x y/$z'\n`,
    `a '' b`,
    'a > b',
    'a 2 >b',
    'a <in >>out',
    `a 2> 'the log' < x b`,
    'a > b 2>&1',
  ];
  for (const script of scripts) assert.ok(isSimpleCommand(script), script);
});

test('whatever needs a shell is left to it', () => {
  const scripts = [
    '',
    'a; b',
    'a | b',
    'a > $b',
    'a > b; c',
    'a >b>c',
    'a >& b',
    'a >| b',
    'a <<b',
    'a <(b)',
    'a > *',
    '> b',
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
    `'cd' /`,
    '-a b',
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
  for (const script of scripts) assert.ok(!isSimpleCommand(script), script);
});
