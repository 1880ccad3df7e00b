import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { fixturePath } from '../fixtures.ts';
import { recordsDigest } from '../pretraining/make-data.ts';

const workflow = (dictionary: string) => ({
  name: 'instances',
  stages: {
    data: {
      uses: 'pretraining-data',
      inputs: {
        corpus: fixturePath('pretraining/corpus.txt'),
        vocab: fixturePath('pretraining/vocab.txt'),
        dictionary,
      },
      with: { dupe_factor: 8_000, gzip_compress: true, use_v2_feature_names: true },
    },
  },
});

/** What the run prints as each phase begins. */
const phases = {
  'the start': /"attempt-started"/,
  'reading the text': /"unit":"B"/,
  'making instances': /"unit":"documents"/,
  'writing records': /"unit":"instances"/,
};

async function finishedDigest(workspace: Workspace): Promise<string> {
  const run = await workspace.kumiki(['run', 'workflow.yaml']);
  assert.equal(run.exit, 0, run.stdout + run.stderr);
  const { stdout } = await workspace.kumiki(['output', 'data.records']);
  return recordsDigest(stdout.trim());
}

test('killed in any phase, the next run gives the same records', async (t) => {
  const files = { 'workflow.yaml': workflow(await embeddedIpadic()) };
  await using undisturbed = new Workspace(files);
  const expected = await finishedDigest(undisturbed);
  for (const [phase, begins] of Object.entries(phases)) {
    await t.test(phase, async () => {
      await using workspace = new Workspace(files);
      const run = workspace.start(['run', 'workflow.yaml', '--json']);
      await run.printed(begins);
      run.child.kill('SIGKILL');
      assert.equal((await run.finished).exit, 'SIGKILL');
      assert.notEqual((await workspace.kumiki(['output', 'data.records'])).exit, 0);
      assert.equal(await finishedDigest(workspace), expected);
    });
  }
});
