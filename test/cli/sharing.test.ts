/** Two machines, one remote: what one made the other does not run. Through a folder, and through a bucket that misbehaves. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Finished, Workspace } from '../e2e/rig.ts';
import { type Fault, type GcsServer, startGcs } from '../objects/gcs-server.ts';

const file = { outputs: { text: 'file' } };
const tree = [
  'mkdir ${{ outputs.d }}/sub; echo a > ${{ outputs.d }}/a; echo b > ${{ outputs.d }}/sub/b',
  'echo "echo hello" > ${{ outputs.d }}/sub/run.sh; chmod +x ${{ outputs.d }}/sub/run.sh; : > ${{ outputs.d }}/empty',
].join('\n');
const workflow = {
  name: 'shared',
  params: { word: 'one', last: 'x' },
  publish: { 'out/last': '${{ stages.last.outputs.text }}' },
  stages: {
    first: { run: tree, outputs: { d: 'directory' } },
    passing: { run: 'cat ${{ stages.first.outputs.d }}/a > ${{ outputs.text }}', temp: true, ...file },
    middle: {
      matrix: { k: [1, 2, 3] },
      run: 'cat ${{ stages.passing.outputs.text }} > ${{ outputs.text }}; echo ${{ params.word }} ${{ matrix.k }} >> ${{ outputs.text }}',
      ...file,
    },
    last: {
      run: 'cat ${{ stages.middle.outputs.text }} > ${{ outputs.text }}; echo ${{ params.last }} >> ${{ outputs.text }}',
      ...file,
    },
  },
};

interface Remote {
  readonly name: string;
  /** For `kumiki.yaml`. */
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names of all objects. */
  names(): string[];
  read(name: string): Buffer;
  write(name: string, bytes: string): void;
}

function folderRemote(t: TestContext): Remote {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-remote-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    name: 'folder',
    url: `file://${folder}/shared`,
    env: {},
    names: () =>
      readdirSync(join(folder, 'shared'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(`${folder}/shared/`.length)),
    read: (name) => readFileSync(join(folder, 'shared', name)),
    write(name, bytes) {
      rmSync(join(folder, 'shared', name), { force: true });
      writeFileSync(join(folder, 'shared', name), bytes);
    },
  };
}

async function bucketRemote(t: TestContext): Promise<Remote & { readonly gcs: GcsServer }> {
  const gcs = await startGcs(t);
  const below = 'lab/kumiki/';
  return {
    gcs,
    name: 'bucket',
    url: 'gs://lab/kumiki',
    env: { GCS_API_ENDPOINT: gcs.endpoint },
    names: () => [...gcs.objects.keys()].map((name) => name.slice(below.length)),
    read: (name) => gcs.objects.get(`${below}${name}`)!.bytes,
    write: (name, bytes) => gcs.put(`${below}${name}`, bytes),
  };
}

const remotes = async (t: TestContext) => [folderRemote(t), await bucketRemote(t)];

const machine = (remote: Remote, changes: object = {}): Workspace =>
  new Workspace({ 'workflow.yaml': { ...workflow, ...changes }, 'kumiki.yaml': `remote: ${remote.url}\n` });

async function done(finished: Promise<Finished>): Promise<string> {
  const { exit, stdout, stderr } = await finished;
  assert.equal(exit, 0, stdout + stderr);
  return stdout + stderr;
}

test('what one machine made the other does not run; it fetches what was asked for, and the rest when a stage needs it', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    await using one = machine(remote);
    assert.match(await done(one.kumiki(['run'], { env })), /pushed 6 results/);
    await using two = machine(remote);
    assert.match(await done(two.kumiki(['plan'], { env })), /first +1 /);
    const said = await done(two.kumiki(['run'], { env }));
    assert.match(said, /pulled 1 result .* from /);
    assert.match(said, /6 cached\n/);
    assert.equal(two.read('out/last'), one.read('out/last'));
    assert.match(await done(two.kumiki(['cache', 'ls'], { env })), /first +removed/);
    // Another last stage reads what was left in the remote; nothing before it runs.
    const changed = await done(two.kumiki(['run', '--set', 'params.last=y'], { env }));
    assert.match(changed, /pulled 3 results/);
    assert.match(changed, /1 built, 5 cached\n/);
    // What it built goes back.
    assert.match(await done(one.kumiki(['run', '--set', 'params.last=y'], { env })), /6 cached\n/);
  }
});

/** A stage that tells in the published copy what its model scored, and by which commit it was made. */
const scored = `
import { readFile, writeFile } from 'node:fs/promises';
import { defineStage } from 'kumiki';
import { z } from 'zod';
export default defineStage({
  name: 'model', version: 1, description: 'a model', params: z.object({}), inputs: {}, outputs: { model: { kind: 'directory', description: 'it' } },
  run: ({ outputs }) => writeFile(outputs.model + '/weights', 'w'),
  async completeCopy({ uses, made }) {
    const scores = await Promise.all(uses.map(({ outputs }) => readFile(outputs.text.path, 'utf8')));
    return { 'README.md': scores.join('') + made.map(({ commit }) => commit).join() };
  },
});
`;

test('a copy that its stage completes is the same wherever it is published', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    const score = {
      run: 'cat ${{ stages.model.outputs.model }}/weights > ${{ outputs.text }}; seq 9000 >> ${{ outputs.text }}',
      ...file,
    };
    const stages = {
      model: { uses: './model.mjs' },
      score,
      last: { run: 'wc -l < ${{ stages.score.outputs.text }} > ${{ outputs.text }}', ...file },
    };
    const last = '${{ stages.last.outputs.text }}';
    const changes = { stages, publish: { 'out/model': '${{ stages.model.outputs.model }}', 'out/last': last } };
    const copies = await Promise.all(
      ['a', 'b'].map(async (name) => {
        const workspace = machine(remote, changes);
        workspace.write('model.mjs', scored);
        workspace.write('.git/HEAD', name.repeat(40));
        return workspace;
      }),
    );
    const [one, two] = copies as [Workspace, Workspace];
    await using _one = one;
    await using _two = two;
    await done(one.kumiki(['run'], { env }));
    assert.match(await done(two.kumiki(['run'], { env })), /pulled 3 results[\s\S]*3 cached\n/);
    assert.equal(two.read('out/model/README.md'), one.read('out/model/README.md'));
    assert.match(two.read('out/model/README.md'), /9000\n9000\na{40}$/);
  }
});

test('push and pull move everything, once, with the executable bits', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    await using one = new Workspace({ 'workflow.yaml': workflow });
    await done(one.kumiki(['run']));
    const named = ['--remote', remote.url, '--json'];
    const push = JSON.parse(await done(one.kumiki(['cache', 'push', ...named], { env })));
    assert.equal(push.moved.length, 6);
    assert.equal(JSON.parse(await done(one.kumiki(['cache', 'push', ...named], { env }))).present, 6);
    await using two = new Workspace({ 'workflow.yaml': workflow });
    const stage = JSON.parse(await done(two.kumiki(['cache', 'pull', 'middle', ...named], { env })));
    assert.equal(stage.moved.length, 3);
    const pull = JSON.parse(await done(two.kumiki(['cache', 'pull', '-w', 'workflow.yaml', ...named], { env })));
    assert.deepEqual([pull.moved.length, pull.present, pull.absent.length], [2, 3, 1]);
    assert.match(await done(two.kumiki(['run'])), /6 cached\n/);
    const folder = (await done(two.kumiki(['output', 'first.d']))).trim();
    assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['a', 'empty', 'sub', 'sub/b', 'sub/run.sh']);
    assert.equal(readFileSync(join(folder, 'sub/run.sh'), 'utf8'), 'echo hello\n');
    assert.match(await done(two.kumiki(['cache', 'verify'])), /: 0 damaged/);
  }
});

test('push --run sends what that run used, and nothing else', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    await using one = new Workspace({ 'workflow.yaml': workflow });
    await done(one.kumiki(['run', '--name', 'wanted']));
    await done(one.kumiki(['run', '--set', 'params.last=other']));
    const named = ['--remote', remote.url, '--json'];
    const push = JSON.parse(await done(one.kumiki(['cache', 'push', '--run', 'wanted', ...named], { env })));
    assert.equal(push.moved.length, 6);
    const rest = JSON.parse(await done(one.kumiki(['cache', 'push', ...named], { env })));
    assert.deepEqual([rest.moved.length, rest.present], [1, 6]);
    const unknown = await one.kumiki(['cache', 'push', '--run', 'wantd', ...named], { env });
    assert.equal(unknown.exit, 2);
    assert.match(unknown.stderr, /wantd/);
  }
});

test('payload comes before its manifest, and a manifest names all of it', async (t) => {
  const remote = await bucketRemote(t);
  const run = `${tree}; head -c 20000 /dev/zero > \${{ outputs.d }}/long`;
  await using one = machine(remote, { stages: { first: { ...workflow.stages.first, run } }, publish: {} });
  remote.gcs.fail(
    'upload',
    /objects\//,
    ...Array.from({ length: 9 }, (): Fault => ({ kind: 'status', status: 500, retryAfter: '0' })),
  );
  const said = await done(one.kumiki(['run'], { env: remote.env }));
  assert.match(said, /gs:\/\/lab cannot be reached: .*500.*`kumiki cache push` sends what the remote lacks/);
  assert.match(said, /1 built\n/);
  assert.deepEqual(remote.names(), []);
  await done(one.kumiki(['cache', 'push'], { env: remote.env }));
  const order = remote.gcs.requests.filter((request) => request.startsWith('upload')).slice(-2);
  assert.match(order[0]!, /objects/);
  assert.match(order[1]!, /manifests/);
});

/** Every result has more than its manifest holds itself. */
const longer = {
  stages: Object.fromEntries(
    Object.entries(workflow.stages).map(([name, stage]) => {
      const end = name === 'first' ? '> ${{ outputs.d }}/long' : '>> ${{ outputs.text }}';
      return [name, { ...stage, run: `${stage.run}\nhead -c 20000 /dev/zero ${end}` }];
    }),
  ),
};

test('a poisoned object is named, the stage runs here instead, and nothing of it is kept', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    await using one = machine(remote, longer);
    await done(one.kumiki(['run'], { env }));
    const objects = remote.names().filter((name) => name.startsWith('objects/'));
    for (const name of objects) remote.write(name, `${remote.read(name).subarray(1)}x`);
    await using two = machine(remote, longer);
    const said = await done(two.kumiki(['run'], { env }));
    assert.match(said, /object sha256:[0-9a-f]{64} in .* is damaged: .*; delete it with `(rm|gcloud storage rm) /);
    assert.equal(two.read('out/last'), one.read('out/last'));
    await using three = machine(remote, longer);
    const pull = await three.kumiki(['cache', 'pull'], { env });
    assert.equal(pull.exit, 1);
    assert.match(pull.stderr, /is damaged/);
    assert.deepEqual(readdirSync(three.path('cache/store')), []);
    assert.deepEqual(readdirSync(three.path('cache/work')), []);
  }
});

test('of two results under one key the one in the remote stays, and both digests are told', async (t) => {
  for (const remote of await remotes(t)) {
    const { env } = remote;
    const stages = { dice: { run: 'cat /proc/sys/kernel/random/uuid > ${{ outputs.text }}', ...file } };
    await using one = new Workspace({ 'workflow.yaml': { name: 'dice', stages } });
    await using two = new Workspace({ 'workflow.yaml': { name: 'dice', stages } });
    for (const each of [one, two]) await done(each.kumiki(['run']));
    const push = ['cache', 'push', '--remote', remote.url];
    await done(one.kumiki(push, { env }));
    const manifest = remote.names().find((name) => name.startsWith('manifests/'))!;
    const before = String(remote.read(manifest));
    const { exit, stderr } = await two.kumiki(push, { env });
    assert.equal(exit, 1);
    assert.match(stderr, /dice has other bytes in .* \(text: sha256:[0-9a-f]{64} there, sha256:[0-9a-f]{64} here\)/);
    assert.equal(String(remote.read(manifest)), before);
    // A run that builds it anew says the same, and ends well.
    two.write('kumiki.yaml', `remote: ${remote.url}\n`);
    assert.match(await done(two.kumiki(['run', '--force'], { env })), /dice has other bytes in/);
  }
});

test('a manifest that leaves its folder, is of another key, or holds other bytes than it says is not trusted', async (t) => {
  const remote = folderRemote(t);
  await using one = machine(remote, { stages: { first: workflow.stages.first }, publish: {} });
  await done(one.kumiki(['run']));
  const name = remote.names().find((each) => each.startsWith('manifests/'))!;
  const manifest = String(remote.read(name));
  const forgeries = [
    manifest.replace('"sub/b"', '"../../../../escaped"'),
    manifest.replace(/"key": "./, '"key": "z'),
    manifest.replace(/"inline": \{\s*"sha256:[0-9a-f]{64}": "./, '$&x'),
    manifest.replace(/(?<="inline": )\{[^}]*\}/, '{"sha256:x": "aGVsbG8="}'),
    manifest.replace(/(?<="inline": )\{[^}]*\}/, '7'),
    manifest.replace(/(?<="d": )\{/, 'null, "e": {'),
    manifest.replace(/(?<="files": \[\s*)\{/, 'null, {'),
    manifest.replace(/(?<="metrics": )\{\}/, 'null'),
    manifest.replace(/(?<="started": )"[^"]*"/, '1'),
    '{',
    '[]',
  ];
  for (const forged of forgeries) {
    assert.notEqual(forged, manifest);
    remote.write(name, forged);
    await using two = machine(remote, { stages: { first: workflow.stages.first }, publish: {} });
    const said = await done(two.kumiki(['run']));
    assert.match(said, /is not to be trusted/);
    assert.match(said, /1 built\n/);
    assert.ok(!existsSync(two.path('escaped')) && !existsSync(two.path('cache/escaped')));
  }
});

test('a manifest that is not to be trusted says nothing of the others', async (t) => {
  const remote = folderRemote(t);
  await using one = machine(remote);
  await done(one.kumiki(['run']));
  const name = remote
    .names()
    .find((each) => each.startsWith('manifests/') && String(remote.read(each)).includes('"instance": "middle[k=2]"'))!;
  remote.write(name, '{');
  await using two = machine(remote);
  const plan = await two.kumiki(['plan']);
  assert.match(plan.stderr, /is not to be trusted/);
  assert.match(plan.stdout, /middle +1 /);
  const said = await done(two.kumiki(['run']));
  assert.equal(said.match(/is not to be trusted/g)?.length, 1);
  assert.match(said, /2 built, /, 'middle, and the temporary that it reads');
  await using three = machine(remote);
  const pulled = await three.kumiki(['cache', 'pull', 'last']);
  assert.match(pulled.stderr, /is not to be trusted/);
  assert.match(pulled.stdout, /pulled 1 result/);
});

test('a remote that is away, closed or unknown is one warning, never a failed run', async (t) => {
  const remote = await bucketRemote(t);
  await using workspace = machine(remote);
  const warned = async (env: Record<string, string>, pattern: RegExp) => {
    rmSync(workspace.path('cache'), { recursive: true, force: true });
    const said = await done(workspace.kumiki(['run'], { env }));
    assert.match(said, pattern);
    assert.equal(said.match(/ ! /g)?.length, 1, said);
    assert.match(said, /6 built\n/);
  };
  await warned(
    { GCS_API_ENDPOINT: 'http://127.0.0.1:1' },
    /gs:\/\/lab cannot be reached: .*; the run goes on without the remote/,
  );
  await warned({ GOOGLE_APPLICATION_CREDENTIALS: '/missing.json' }, /\/missing\.json, cannot be used as credentials/);
  remote.gcs.fail('list', /./, { kind: 'status', status: 403 });
  await warned(remote.env, /ask for roles\/storage\.objectViewer/);
  workspace.write('kumiki.yaml', 'remote: gs://missing/kumiki\n');
  await warned(remote.env, /there is no bucket gs:\/\/missing: create it with/);
});

test('pull: false only sends, push: false only takes', async (t) => {
  const remote = folderRemote(t);
  await using one = machine(remote);
  one.write('kumiki.yaml', `remote: {url: '${remote.url}', push: false}\n`);
  assert.doesNotMatch(await done(one.kumiki(['run'])), /pushed/);
  one.write('kumiki.yaml', `remote: {url: '${remote.url}', pull: false}\n`);
  await done(one.kumiki(['cache', 'push']));
  await using two = machine(remote);
  two.write('kumiki.yaml', `remote: {url: '${remote.url}', pull: false}\n`);
  assert.match(await done(two.kumiki(['run'])), /6 built\n/);
});

test('kumiki.yaml is checked as a workflow is', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const told = async (settings: string, pattern: RegExp) => {
    workspace.write('kumiki.yaml', settings);
    const { exit, stderr } = await workspace.kumiki(['run']);
    assert.equal(exit, 2);
    assert.match(stderr, pattern);
  };
  await told('remot: gs://lab/x\n', /kumiki\.yaml:1:1: error: unknown key 'remot'[\s\S]*did you mean 'remote'/);
  await told(
    'remote: {url: gs://lab/x, pul: true}\n',
    /kumiki\.yaml:1:27: error: unknown key 'pul'[\s\S]*did you mean 'pull'/,
  );
  await told('remote: s3://lab/x\n', /kumiki\.yaml:1:9: error: 's3:\/\/lab\/x' is no remote: write gs:\/\/bucket/);
  await told('remote: gs://\n', /names no bucket/);
  await told('remote: ""\n', /kumiki\.yaml:1:9: error: a remote is gs:\/\/bucket\/prefix, file:/);
  for (const url of ['file:///data/100%', 'file:///data/a#b']) {
    await told(
      `remote: ${url}\n`,
      /kumiki\.yaml:1:9: error: 'file:\/\/\/data.*' is no URL of a folder: write %25 for %/,
    );
  }
  await told('remote: 3\n', /expected gs:\/\/bucket\/prefix/);
  await told('gcs: {endpoint: nowhere}\n', /expected a URL such as/);
  workspace.write('kumiki.yaml', '# nothing is set\n');
  assert.equal((await workspace.kumiki(['cache', 'push'])).exit, 2);
});
