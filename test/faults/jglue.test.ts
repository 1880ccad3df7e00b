import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { demoFile } from '../jglue/demo-tasks.ts';
import { writeTinyModel } from '../jglue/tiny-model.ts';

const workflow = (model: string, dictionary: string) => ({
  name: 'fine-tuning',
  stages: {
    jsts: {
      uses: 'jglue',
      inputs: { model, dictionary, train: demoFile('jsts', 'train'), dev: demoFile('jsts', 'dev') },
      // Ten steps an epoch: the state behind each is what the next run goes on from.
      with: {
        task: 'jsts',
        learning_rate: 1e-3,
        epochs: 15,
        batch_size: 4,
        max_seq_length: 64,
        backend: 'wasm',
        threads: 1,
      },
    },
  },
});

async function results(workspace: Workspace): Promise<string[]> {
  const run = await workspace.kumiki(['run', 'workflow.yaml']);
  assert.equal(run.exit, 0, run.stdout + run.stderr);
  return Promise.all(
    ['metrics', 'predictions', 'log'].map(async (output) => {
      const { stdout } = await workspace.kumiki(['output', `jsts.${output}`]);
      return readFileSync(stdout.trim(), 'utf8');
    }),
  );
}

test('killed while it trains, the next run goes on and ends as if nothing had been', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = { 'workflow.yaml': workflow(await writeTinyModel(join(folder, 'model')), await embeddedIpadic()) };
  await using undisturbed = new Workspace(files);
  const expected = await results(undisturbed);
  await using workspace = new Workspace(files);
  const run = workspace.start(['run', 'workflow.yaml', '--json']);
  // An evaluation has been: the state of its epoch is there, or is being written.
  await run.printed(/"name":"eval_pearson"/);
  run.child.kill('SIGKILL');
  assert.equal((await run.finished).exit, 'SIGKILL');
  assert.notEqual((await workspace.kumiki(['output', 'jsts.metrics'])).exit, 0);
  assert.deepEqual(await results(workspace), expected);
  const { stdout } = await workspace.kumiki(['logs', 'jsts']);
  assert.match(stdout, /goes on from step \d+0/);
});
