import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

interface Compiler {
  kernelSources(): string[];
  compiledPath(source: string): string;
  compileKernel(source: string): Promise<string>;
}

const compiler = join(import.meta.dirname, '../../../src/webassembly/compile-kernels.mjs');

test('the committed WebAssembly is what its sources compile to', async () => {
  const { kernelSources, compiledPath, compileKernel } = (await import(compiler)) as Compiler;
  const sources = kernelSources();
  assert.ok(sources.length > 0);
  for (const source of sources) {
    assert.equal(await compileKernel(source), await readFile(compiledPath(source), 'utf8'), source);
  }
});
