import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileIn, workspace } from './workspace.ts';

async function mistakesOf(root: string, options: { readonly cache?: string } = {}): Promise<string[]> {
  const compiled = await compileIn(root, options);
  assert.ok(!compiled.ok, 'it compiled');
  return compiled.diagnostics.map(({ message, hint }) => (hint ? `${message}: ${hint}` : message));
}

const reading = (path: string) => `stages: {a: {run: x, inputs: {i: ${path}}}}`;

test('a link to nowhere, and one that leads to itself, are told of as that', async () => {
  const root = workspace({
    'workflow.yaml': `configs: {c: round}\nstages:\n  a: {run: x, inputs: {i: dangling}}\n  b: {run: x, inputs: {i: round}}`,
  });
  symlinkSync('nowhere', join(root, 'dangling'));
  symlinkSync('round', join(root, 'round'));
  assert.deepEqual(await mistakesOf(root), [
    'round is a link that leads round in a circle',
    'dangling is a link to nowhere, which does not exist',
    'round is a link that leads round in a circle',
  ]);
});

test('a name that no folder can hold is told of as that', async () => {
  const name = 'x'.repeat(300);
  assert.deepEqual(await mistakesOf(workspace({ 'workflow.yaml': reading(name) })), [
    `${name} is longer than a path can be`,
  ]);
});

test('a folder that holds the cache cannot be an input; one beside it can', async () => {
  const files = { 'data/texts/a.txt': '', 'data/cache/store/x': '' };
  for (const path of ['.', 'data', 'data/cache']) {
    const root = workspace({ ...files, 'workflow.yaml': reading(path) });
    assert.deepEqual(await mistakesOf(root, { cache: join(root, 'data/cache') }), [
      `${path} holds the cache, which every run writes to: read a folder or files beside it`,
    ]);
  }
  const root = workspace({ ...files, 'workflow.yaml': reading('data/texts') });
  assert.ok((await compileIn(root, { cache: join(root, 'data/cache') })).ok);
});
