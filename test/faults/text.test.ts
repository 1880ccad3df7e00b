/** Each stage of the text part in a workflow, killed with SIGKILL at a seeded moment of its work, and run again. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunEvent } from '../../src/run/events.ts';
import { Workspace } from '../e2e/rig.ts';
import { file, serve, stalling } from '../fetch/misbehaving-server.ts';
import { fixturePath } from '../fixtures.ts';
import { kill, random, resultsIn } from './drill.ts';

/** Small texts many times over: enough work that a moment in it can be met. */
const repeated = (fixture: string, times: number) =>
  Array(times)
    .fill(readFileSync(fixturePath(fixture), 'utf8').trimEnd())
    .join('\n');
const pages = Buffer.from(repeated('corpus/pages.cirrus.jsonl', 400));
const lines = repeated('corpus/lines.txt', 4000);
const sha256 = createHash('sha256').update(pages).digest('hex');
const etag = '"one"';

const from = (output: string) => `\${{ stages.${output} }}`;
const workflow = (url: string) => ({
  name: 'text',
  stages: {
    dump: { uses: 'download', with: { url, sha256 } },
    ipadic: { uses: 'dictionary', with: { package: 'npm:mecab-wasm' } },
    wiki: {
      uses: 'wikipedia-corpus',
      inputs: { dump: from('dump.outputs.file'), dictionary: from('ipadic.outputs.dictionary') },
    },
    shards: { uses: 'split-corpus', inputs: { texts: ['lines.txt'] }, with: { num_files: 3 } },
    sample: { uses: 'sample-corpus', inputs: { texts: [from('wiki.outputs.corpus')] }, with: { num_lines: 2000 } },
    letters: { uses: 'alphabet', inputs: { dictionary: from('ipadic.outputs.dictionary') } },
    vocab: {
      uses: 'train-tokenizer',
      inputs: {
        texts: [from('wiki.outputs.corpus')],
        dictionary: from('ipadic.outputs.dictionary'),
        alphabet: from('letters.outputs.alphabet'),
      },
      with: { pre_tokenizer_type: 'mecab', vocab_size: 8000, limit_alphabet: 7000 },
    },
    characters: { uses: 'character-vocab', inputs: { vocab: from('vocab.outputs.vocab') }, with: { size: 500 } },
    tokens: {
      uses: 'tokenize',
      inputs: {
        text: 'lines.txt',
        vocab: from('vocab.outputs.vocab'),
        dictionary: from('ipadic.outputs.dictionary'),
      },
    },
  },
});

const eventsOf = (output: string) =>
  output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);

function filesBelow(folder: string): string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
}

test('killed at any moment of its work, a stage leaves nothing half-written and gives the same in the next run', async (t) => {
  const whole = file({ content: pages, etag });
  const server = await serve(t, whole, stalling({ content: pages, etag }, pages.length / 2), whole);
  const files = { 'workflow.yaml': workflow(server.url), 'lines.txt': lines };
  await using undisturbed = new Workspace(files);
  const run = await undisturbed.kumiki(['run', '--json']);
  assert.equal(run.exit, 0, run.stdout + run.stderr);
  const expected = resultsIn(undisturbed.root);
  const finished = eventsOf(run.stdout).filter((event) => event.type === 'attempt-finished');
  const seconds = new Map(finished.map((event) => [event.instance, event.seconds]));

  await using workspace = new Workspace(files);
  const draw = random(4);
  for (const [number, stage] of Object.keys(workflow('').stages).entries()) {
    const victim = (['engine', 'stage', 'both'] as const)[number % 3]!;
    await t.test(`${stage}: ${victim} killed`, async () => {
      const run = workspace.start(['run', 'workflow.yaml', stage, '--json']);
      const [, group] = await run.printed(/"type":"attempt-started".*"pid":(\d+)/);
      // The server keeps the download waiting; the moment of the others is as far into their work.
      if (stage === 'dump') await run.printed(/"unit":"B"/);
      else await delay(draw() * seconds.get(stage)! * 1000);
      if (victim !== 'stage') kill(run.child.pid!);
      if (victim !== 'engine') kill(-Number(group));
      await run.finished;
      const published = resultsIn(workspace.root).get(stage) ?? expected.get(stage);
      assert.equal(published, expected.get(stage));

      const again = await workspace.kumiki(['run', 'workflow.yaml', stage]);
      assert.equal(again.exit, 0, again.stdout + again.stderr);
      assert.equal(resultsIn(workspace.root).get(stage), expected.get(stage));
    });
  }
  const { exit, stdout } = await workspace.kumiki(['cache', 'verify']);
  assert.equal(exit, 0, stdout);
  for (const place of ['work', 'scratch', 'damaged']) assert.deepEqual(filesBelow(workspace.path('cache', place)), []);

  const [kept] = (server.ranges[2] ?? '').match(/\d+/) ?? [];
  assert.ok(Number(kept) > 0 && Number(kept) <= pages.length / 2, `the download went on from byte ${kept}`);
});
