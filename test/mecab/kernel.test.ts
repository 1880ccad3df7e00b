import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = join(import.meta.dirname, '../../../src/mecab/search');

test('the committed WebAssembly is what its source compiles to', async () => {
  const { compileKernel } = (await import(join(folder, 'compile-kernel.mjs'))) as { compileKernel(): Promise<string> };
  assert.equal(await compileKernel(), await readFile(join(folder, 'kernel.ts'), 'utf8'));
});
