import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import sampleCorpus from '../../stages/sample-corpus.ts';
import { runStage } from './run-stage.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-sample-'));
after(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, 'shards'));
const lines = Array.from({ length: 1000 }, (_, i) => `${i}番目`);
writeFileSync(join(root, 'shards/b.txt'), lines.slice(400).join('\n\n \n'));
writeFileSync(join(root, 'shards/a.txt'), `${lines.slice(0, 400).join('\r\n')}\r\n`);

async function sample(t: TestContext, count: number, seed = 0): Promise<string[]> {
  const inputs = { texts: [join(root, 'shards')] };
  const { outputs } = await runStage(t, sampleCorpus, { with: { num_lines: count, seed }, inputs });
  const text = readFileSync(outputs.sample, 'utf8');
  assert.ok(text.endsWith('\n'));
  return text.slice(0, -1).split('\n');
}

test('exactly so many different lines, none of them blank', async (t) => {
  for (const count of [1, 10, 500]) {
    const drawn = await sample(t, count);
    assert.equal(new Set(drawn).size, count);
    assert.ok(drawn.every((line) => lines.includes(line)));
  }
});

test('all lines, in another order', async (t) => {
  const drawn = await sample(t, 1000);
  assert.deepEqual([...drawn].sort(), [...lines].sort());
  const inPlace = drawn.filter((line, i) => line === lines[i]).length;
  assert.ok(inPlace < 20, `${inPlace} lines are where they were`);
});

test('a seed gives the same sample each time, another seed another one', async (t) => {
  assert.deepEqual(await sample(t, 50, 7), await sample(t, 50, 7));
  assert.notDeepEqual(await sample(t, 50, 7), await sample(t, 50, 8));
});

test('each line is drawn about as often as any other', async (t) => {
  const drawn = new Map<string, number>();
  for (let seed = 0; seed < 60; seed++) {
    for (const line of await sample(t, 500, seed)) drawn.set(line, (drawn.get(line) ?? 0) + 1);
  }
  // 60 draws with probability 1/2: the variance of the counts is 15.
  const counts = lines.map((line) => drawn.get(line) ?? 0);
  const variance = counts.reduce((sum, count) => sum + (count - 30) ** 2, 0) / lines.length;
  assert.ok(variance > 12 && variance < 18, `variance ${variance}`);
});

test('progress goes twice over the texts', async (t) => {
  const inputs = { texts: [join(root, 'shards')] };
  const { progress } = await runStage(t, sampleCorpus, { with: { num_lines: 1 }, inputs });
  assert.equal(progress.at(-1)!.done, progress.at(-1)!.total);
});
