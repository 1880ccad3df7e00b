/** Pulls that end before they are done: a killed process, and a disk that is full. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Workspace } from '../e2e/rig.ts';
import { type GcsServer, startGcs } from '../objects/gcs-server.ts';

const files = {
  'workflow.yaml': {
    publish: { 'out/large': '${{ stages.large.outputs.data }}' },
    stages: { large: { run: 'head -c 4000000 /dev/urandom > ${{ outputs.data }}', outputs: { data: 'file' } } },
  },
  'kumiki.yaml': 'remote: gs://lab/kumiki\n',
};

/** A bucket that holds the result of the workflow. */
async function filledBucket(t: TestContext): Promise<{ gcs: GcsServer; env: Record<string, string> }> {
  const gcs = await startGcs(t);
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  await using workspace = new Workspace(files);
  assert.match((await workspace.kumiki(['run'], { env })).stdout, /pushed 1 result/);
  return { gcs, env };
}

const store = (workspace: Workspace) => readdirSync(workspace.path('cache/store'));

test('a pull that is killed leaves nothing, and the next one fetches the whole', async (t) => {
  const { gcs, env } = await filledBucket(t);
  for (const command of [['run'], ['cache', 'pull']]) {
    await using workspace = new Workspace(files);
    const hangs = new Promise<void>((reached) => {
      gcs.fail('get', /objects\//, { kind: 'hang', after: 1_000_000, reached });
    });
    const pull = workspace.start(command, { env });
    await hangs;
    const ended = once(pull.child, 'close');
    pull.child.kill('SIGKILL');
    await ended;
    assert.deepEqual(store(workspace), []);
    const again = await workspace.kumiki(command, { env });
    assert.equal(again.exit, 0, again.stdout + again.stderr);
    const run = await workspace.kumiki(['run'], { env });
    assert.match(run.stdout, /1 cached\n/);
    assert.equal(statSync(workspace.path('out/large')).size, 4_000_000);
    assert.deepEqual(readdirSync(workspace.path('cache/work')), []);
    assert.match((await workspace.kumiki(['cache', 'verify'])).stdout, /: 0 damaged/);
  }
});

test('Ctrl-C waits for no answer of a remote', async (t) => {
  const { gcs, env } = await filledBucket(t);
  for (const [operation, name] of [
    ['get', /manifests\//],
    ['get', /objects\//],
    ['list', /./],
  ] as const) {
    for (const command of [['run'], ['cache', 'pull', 'large']]) {
      // Before it opens the remote, `pull` has nothing that Ctrl-C could leave half-made, and dies of it.
      const opening = operation === 'list' && command[0] === 'cache';
      await using workspace = new Workspace(files);
      const hangs = new Promise<void>((reached) => gcs.fail(operation, name, { kind: 'hang', after: 5, reached }));
      const pull = workspace.start(command, { env });
      await hangs;
      pull.child.kill('SIGINT');
      const { exit, stdout, stderr } = await pull.finished;
      assert.equal(exit, opening ? 'SIGINT' : 130, stdout + stderr);
    }
  }
});

test('an interrupted run says what it waits for; a second Ctrl-C waits for no object that is read, published or shared', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/text', 'x'.repeat(100_000));
  const stage = {
    inputs: { text: 'gs://lab/text' },
    run: 'cat ${{ inputs.text }} > ${{ outputs.text }}',
    outputs: { text: 'file' },
  };
  const publish = { 'gs://lab/copy': '${{ stages.copy.outputs.text }}' };
  for (const [operation, name, waits, said] of [
    ['get', /text/, /waits for the input gs:\/\/lab\/text;/, /copy: cannot read an input: the run was interrupted/],
    [
      'upload',
      /copy/,
      /waits for the publication as gs:\/\/lab\/copy;/,
      /cannot publish gs:\/\/lab\/copy: the run was/,
    ],
    ['upload', /shared/, /waits for results on their way to the remote;/, /interrupted again/],
  ] as const) {
    await using workspace = new Workspace({
      'workflow.yaml': { publish, stages: { copy: stage } },
      // Of each its own: what one has sent, the next does not.
      'kumiki.yaml': { remote: { url: `gs://lab/shared/${waits.source.length}`, pull: false } },
    });
    const hangs = new Promise<void>((reached) => gcs.fail(operation, name, { kind: 'hang', after: 5, reached }));
    const run = workspace.start(['run'], { env: { GCS_API_ENDPOINT: gcs.endpoint } });
    await hangs;
    run.child.kill('SIGINT');
    await run.printed(waits);
    run.child.kill('SIGINT');
    const { exit, stdout } = await run.finished;
    assert.equal(exit, 130, stdout);
    assert.match(stdout, said);
  }
});

test('a pull that fills the disk says so and leaves nothing; with more room it goes on', async (t) => {
  const { env } = await filledBucket(t);
  await using workspace = new Workspace(files);
  const cache = workspace.path('cache');
  workspace.write('cache/.gitignore', '*\n');
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', cache]).status !== 0) {
    t.skip('this process may not mount a file system');
    return;
  }
  try {
    const full = await workspace.kumiki(['cache', 'pull'], { env });
    assert.notEqual(full.exit, 0);
    assert.match(full.stdout + full.stderr, /disk is full/);
    assert.doesNotMatch(full.stdout + full.stderr, /\n {4}at /, 'no stack trace');
    assert.deepEqual([store(workspace), readdirSync(workspace.path('cache/work'))], [[], []]);
    assert.equal(spawnSync('mount', ['-o', 'remount,size=20m', cache]).status, 0);
    assert.match((await workspace.kumiki(['run'], { env })).stdout, /1 cached\n/);
  } finally {
    spawnSync('umount', ['-l', cache]);
  }
});
