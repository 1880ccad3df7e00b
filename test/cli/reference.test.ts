import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandReference, stageReference } from '../../src/cli/reference.ts';

const inCheckout = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

test('the references of commands and stages are what the code says (npm run reference)', async () => {
  assert.equal(inCheckout('src/cli/README.md'), await commandReference());
  assert.equal(inCheckout('stages/README.md'), await stageReference());
});
