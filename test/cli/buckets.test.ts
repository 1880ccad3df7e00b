/** `gs://` inputs and destinations, through the real CLI and a bucket that is told what to do. */
import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Finished, Workspace } from '../e2e/rig.ts';
import { startGcs } from '../objects/gcs-server.ts';

const file = { outputs: { text: 'file' } };
const reading = {
  name: 'reading',
  stages: {
    one: { inputs: { text: 'gs://lab/data/one.txt' }, run: 'cat ${{ inputs.text }} > ${{ outputs.text }}', ...file },
    all: {
      inputs: { folder: 'gs://lab/data/many' },
      run: '(cd ${{ inputs.folder }} && find . -type f | sort | xargs cat) > ${{ outputs.text }}',
      ...file,
    },
  },
};

async function done(finished: Promise<Finished>): Promise<string> {
  const { exit, stdout, stderr } = await finished;
  assert.equal(exit, 0, stdout + stderr);
  return stdout + stderr;
}

test('objects are inputs: fetched once, and noticed when they change', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  gcs.put('lab/data/many/a', 'a\n');
  gcs.put('lab/data/many/deep/b', 'b\n');
  gcs.put('lab/data/many/', '');
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  await using workspace = new Workspace({ 'workflow.yaml': reading });
  const fetched = () => gcs.requests.filter((request) => request.startsWith('get')).length;
  assert.match(await done(workspace.kumiki(['run'], { env })), /2 built\n/);
  assert.equal(fetched(), 3);
  assert.match(await done(workspace.kumiki(['run'], { env })), /2 cached\n/);
  assert.equal(fetched(), 3);
  gcs.put('lab/data/many/a', 'A\n');
  assert.match(await done(workspace.kumiki(['run'], { env })), /1 built, 1 cached\n/);
  assert.equal(fetched(), 4);
  // Written again with the same bytes, without an MD5: fetched again, and nothing runs.
  gcs.put('lab/data/one.txt', 'one\n');
  assert.match(await done(workspace.kumiki(['run'], { env })), /2 cached\n/);
});

test('an object that was written again with the same checksums is not fetched again', async (t) => {
  const gcs = await startGcs(t);
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  await using workspace = new Workspace({ 'workflow.yaml': { ...reading, stages: { one: reading.stages.one } } });
  for (const said of [/1 built\n/, /1 cached\n/]) {
    gcs.put('lab/data/one.txt', 'one\n', { withMd5: true });
    assert.match(await done(workspace.kumiki(['run'], { env })), said);
  }
  assert.equal(gcs.requests.filter((request) => request.startsWith('get')).length, 1);
});

test('an object that is stored compressed counts as what it was, and is fetched once', async (t) => {
  const gcs = await startGcs(t);
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  gcs.put('lab/data/one.txt', gzipSync('one\n'.repeat(1000)), { isGzip: true });
  await using workspace = new Workspace({
    'workflow.yaml': {
      ...reading,
      publish: { copy: '${{ stages.one.outputs.text }}' },
      stages: { one: reading.stages.one },
    },
  });
  for (const said of [/1 built\n/, /1 cached\n/]) {
    assert.match(await done(workspace.kumiki(['run'], { env })), said);
    assert.equal(workspace.read('copy'), 'one\n'.repeat(1000));
  }
  assert.equal(gcs.requests.filter((request) => request.startsWith('get')).length, 1);
});

test('a key hangs on the content, not on where it lies', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  const stage = (text: string) => ({ name: 'x', stages: { one: { ...reading.stages.one, inputs: { text } } } });
  await using workspace = new Workspace({ 'workflow.yaml': stage('gs://lab/data/one.txt'), 'one.txt': 'one\n' });
  await done(workspace.kumiki(['run'], { env }));
  workspace.write('workflow.yaml', stage('one.txt'));
  assert.match(await done(workspace.kumiki(['run'])), /1 cached\n/);
});

test('what is not there is told before anything runs, with its place', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  const lines = [
    'stages:',
    '  a: {inputs: {x: "gs://lab/data/two.txt"}, run: "cat ${{ inputs.x }} > ${{ outputs.text }}", outputs: {text: file}}',
    '  b: {inputs: {x: "gs://other/x"}, run: "cat ${{ inputs.x }} > ${{ outputs.text }}", outputs: {text: file}}',
    '  c: {inputs: {x: "gs://"}, run: "cat ${{ inputs.x }} > ${{ outputs.text }}", outputs: {text: file}}',
    'publish: {"s3://lab/x": "${{ stages.a.outputs.text }}"}',
  ];
  await using workspace = new Workspace({ 'workflow.yaml': lines.join('\n') });
  const { exit, stderr } = await workspace.kumiki(['run'], { env });
  assert.equal(exit, 2);
  assert.match(stderr, /workflow\.yaml:2:19: error: gs:\/\/lab\/data\/two\.txt does not exist/);
  assert.match(stderr, /workflow\.yaml:3:19: error: there is no bucket gs:\/\/other/);
  assert.match(stderr, /workflow\.yaml:4:19: error: 'gs:\/\/' names no bucket/);
  assert.match(stderr, /workflow\.yaml:5:11: error: 's3:\/\/lab\/x' is no place to publish to/);
  const validated = await workspace.kumiki(['validate'], { env });
  assert.equal(validated.exit, 2);
  assert.match(validated.stderr, /two\.txt does not exist/);
});

test('to tell what a prefix is, one page of its objects is listed, however many there are', async (t) => {
  const gcs = await startGcs(t);
  for (let i = 0; i < 2500; i++) gcs.put(`lab/data/many/${i}`, '');
  const workflow = { stages: { all: reading.stages.all } };
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  await done(workspace.kumiki(['validate'], { env: { GCS_API_ENDPOINT: gcs.endpoint } }));
  // Another asks whether the bucket is there.
  assert.equal(gcs.requests.filter((request) => request.startsWith('list')).length, 2);
});

test('an object whose name leaves its folder is refused', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  gcs.put('lab/data/many/../../../escaped', 'x\n');
  await using workspace = new Workspace({ 'workflow.yaml': reading });
  const { exit, stdout } = await workspace.kumiki(['run'], { env: { GCS_API_ENDPOINT: gcs.endpoint } });
  assert.equal(exit, 1);
  assert.match(stdout, /which cannot be the name of a file: rename it/);
  assert.ok(!workspace.has('escaped') && !workspace.has('cache/escaped'));
});

const publishing = {
  name: 'publishing',
  params: { word: 'one' },
  publish: {
    'gs://lab/out/model': '${{ stages.make.outputs.d }}',
    'gs://lab/out/word': '${{ stages.word.outputs.text }}',
  },
  stages: {
    make: {
      run: 'echo same > ${{ outputs.d }}/same; echo ${{ params.word }} > ${{ outputs.d }}/${{ params.word }}; echo ${{ params.word }} > ${{ outputs.d }}/word',
      outputs: { d: 'directory' },
    },
    word: { run: 'echo ${{ params.word }} > ${{ outputs.text }}', ...file },
  },
};

test('outputs are published to a bucket: only what differs is sent, what is gone is deleted, provenance lies beside', async (t) => {
  const gcs = await startGcs(t);
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  await using workspace = new Workspace({ 'workflow.yaml': publishing });
  assert.match(await done(workspace.kumiki(['run'], { env })), /published gs:\/\/lab\/out\/model/);
  const names = () => [...gcs.objects.keys()].sort();
  const beside = ['lab/out/model.provenance.json', 'lab/out/word', 'lab/out/word.provenance.json'];
  assert.deepEqual(names(), [...beside, 'lab/out/model/one', 'lab/out/model/same', 'lab/out/model/word'].sort());
  assert.equal(JSON.parse(String(gcs.objects.get('lab/out/model.provenance.json')!.bytes)).output, 'd');
  const uploads = () => gcs.requests.filter((request) => request.startsWith('upload')).length;
  const first = uploads();
  assert.doesNotMatch(await done(workspace.kumiki(['run'], { env })), /published/);
  assert.equal(uploads(), first);
  await done(workspace.kumiki(['run', '--set', 'params.word=two'], { env }));
  assert.deepEqual(names(), [...beside, 'lab/out/model/two', 'lab/out/model/same', 'lab/out/model/word'].sort());
  assert.equal(uploads() - first, 5);
  assert.equal(String(gcs.objects.get('lab/out/word')!.bytes), 'two\n');
});

test('objects that no run published are not replaced, and a bucket that refuses fails the publication in words', async (t) => {
  const gcs = await startGcs(t);
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  gcs.put('lab/out/model/theirs', 'x');
  gcs.fail('upload', /word/, { kind: 'status', status: 403 });
  await using workspace = new Workspace({ 'workflow.yaml': publishing });
  const { exit, stdout } = await workspace.kumiki(['run'], { env });
  assert.equal(exit, 1);
  assert.match(stdout, /cannot publish gs:\/\/lab\/out\/model: objects are there that no run published/);
  assert.match(
    stdout,
    /cannot publish gs:\/\/lab\/out\/word: no permission to write in gs:\/\/lab: ask for roles\/storage\.objectUser/,
  );
});

test('gc removes copies of objects that nothing has read for long, and the next run fetches them again', async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  await using workspace = new Workspace({ 'workflow.yaml': { ...reading, stages: { one: reading.stages.one } } });
  await done(workspace.kumiki(['run'], { env }));
  const collected = async () => JSON.parse(await done(workspace.kumiki(['cache', 'gc', '--json']))).leftovers.length;
  assert.equal(await collected(), 0);
  const folders = workspace.path('cache/fetched/folders');
  for (const name of readdirSync(folders)) utimesSync(join(folders, name), 1_000_000_000, 1_000_000_000);
  assert.equal(await collected(), 1);
  assert.deepEqual(readdirSync(folders), []);
  workspace.write('workflow.yaml', { ...reading, stages: { one: { ...reading.stages.one, env: { AGAIN: 1 } } } });
  assert.match(await done(workspace.kumiki(['run'], { env })), /1 built\n/);
});

/** For Node: tells of every module that it loads from a package. */
const tellOfPackages = (() => {
  const program = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
  const hooks = program(
    `export async function load(url, context, next) { if (url.includes('/node_modules/')) process._rawDebug(url); return await next(url, context); }`,
  );
  return `--no-warnings --import=${program(`import { register } from 'node:module'; register(${JSON.stringify(hooks)});`)}`;
})();

test("Google's client is loaded only where a bucket is used", async (t) => {
  const gcs = await startGcs(t);
  gcs.put('lab/data/one.txt', 'one\n');
  const env = { GCS_API_ENDPOINT: gcs.endpoint, NODE_OPTIONS: tellOfPackages };
  const local = { stages: { one: { run: 'echo > ${{ outputs.text }}', ...file } } };
  await using workspace = new Workspace({
    'local.yaml': local,
    'bucket.yaml': reading,
    'kumiki.yaml': 'remote: shared\n',
  });
  const loaded = async (...words: readonly string[]) => (await workspace.kumiki(words, { env })).stderr;
  assert.doesNotMatch(await loaded('--help'), /@google-cloud/);
  assert.doesNotMatch(await loaded('run', 'local.yaml'), /@google-cloud/);
  assert.match(await loaded('run', 'bucket.yaml', 'one'), /node_modules\/@google-cloud\/storage/);
});

test('gcs of kumiki.yaml reaches stages, in a run and by exec, and GCS_API_ENDPOINT comes before it', async () => {
  const module = `
    import { writeFile } from 'node:fs/promises';
    import { defineStage } from 'kumiki';
    import { z } from 'zod';
    export default defineStage({
      name: 'access', version: 1, description: 'How it reaches buckets', params: z.object({}), inputs: {},
      outputs: { text: { kind: 'file', description: 'that, as JSON' } },
      run: ({ outputs, gcs }) => writeFile(outputs.text, JSON.stringify(gcs)),
    });`;
  await using workspace = new Workspace({
    'workflow.yaml': {
      publish: { told: '${{ stages.access.outputs.text }}' },
      stages: { access: { uses: './access.mjs' } },
    },
    'access.mjs': module,
    'kumiki.yaml': 'gcs: {endpoint: http://127.0.0.1:1, billingProject: ours}\n',
  });
  const set = { endpoint: 'http://127.0.0.1:1', billingProject: 'ours' };
  await done(workspace.kumiki(['run']));
  assert.deepEqual(JSON.parse(workspace.read('told')), set);
  const exec = ['exec', './access.mjs', '--output', 'text=told'];
  await done(workspace.kumiki(exec));
  assert.deepEqual(JSON.parse(workspace.read('told')), set);
  await done(workspace.kumiki(exec, { env: { GCS_API_ENDPOINT: 'http://127.0.0.1:2' } }));
  assert.deepEqual(JSON.parse(workspace.read('told')), { ...set, endpoint: 'http://127.0.0.1:2' });
});
