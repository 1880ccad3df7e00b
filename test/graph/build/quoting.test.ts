import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillScript } from '../../../src/run/attempt/fill.ts';
import { instance, planOf } from '../../workflow/workspace.ts';

/** What bash prints for a script of a workflow with these parameters. */
async function printed(script: string, params: unknown): Promise<string> {
  const plan = await planOf(JSON.stringify({ params, stages: { a: { run: script, outputs: { out: 'file' } } } }));
  const { action } = instance(plan, 'a');
  assert.ok(action.kind === 'run');
  const filled = fillScript(action, { inputs: {}, outputs: { out: "/a folder/it's here" } });
  return execFileSync('bash', ['-euo', 'pipefail', '-c', filled], { encoding: 'utf8' });
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((string) => !string.includes('\0')),
  fc.string({
    unit: fc.constantFrom('$', '`', '"', "'", '\\', '\n', ' ', '(', ')', ';', '#', '*', '~', '-', '}', '!', 'x'),
  }),
);

test('any string survives a script as one word', async () => {
  const property = fc.asyncProperty(text, async (x) => {
    const expected = Buffer.from(x).toString();
    assert.equal(await printed('printf %s ${{ params.x }}', { x }), expected);
    assert.equal(
      await printed('a=1-${{ params.x }}.txt; printf %s "$(printf %s ${{ params.x }}; printf .)$a"', { x }),
      `${expected}.1-${expected}.txt`,
    );
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a list is as many words as it has items', async () => {
  const property = fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 4 }), async (x) => {
    const expected = x.map((item) => `${Buffer.from(item).toString()}\0`).join('');
    assert.equal(await printed("printf '%s\\0' ${{ params.x }}", { x }), expected);
  });
  await fc.assert(property, { numRuns: 40 });
});

test('paths are words too', async () => {
  assert.equal(await printed('printf "[%s]" ${{ outputs.out }}/x', {}), "[/a folder/it's here/x]");
});
