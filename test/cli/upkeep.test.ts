/** Beginning, keeping and cleaning: init, completion, doctor, validate, cache, runs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { cli, Workspace } from '../e2e/rig.ts';

const text = { outputs: { text: 'file' } };
const chain = {
  name: 'chain',
  params: { word: 'one' },
  stages: {
    first: { run: 'echo ${{ params.word }} > ${{ outputs.text }}', ...text },
    second: {
      run: 'cat ${{ stages.first.outputs.text }} ${{ stages.first.outputs.text }} > ${{ outputs.text }}',
      ...text,
    },
  },
};

test('init writes a workflow that is valid, runs, and is a no-op the second time; it overwrites nothing', async () => {
  await using workspace = new Workspace();
  assert.equal((await workspace.kumiki(['init', 'mine'])).exit, 0);
  const cwd = workspace.path('mine');
  assert.equal((await workspace.kumiki(['validate'], { cwd })).exit, 0);
  assert.match((await workspace.kumiki(['run'], { cwd })).stdout, /done in .* 4 built\n/);
  assert.match((await workspace.kumiki(['run'], { cwd })).stdout, /done in .* 4 cached\n/);
  const again = await workspace.kumiki(['init', 'mine']);
  assert.equal(again.exit, 2);
  assert.match(again.stderr, /nothing was written/);
});

test('validate tells every mistake at once, with its place, and exits with 2', async () => {
  const faulty = 'stages:\n  a: {rnu: x}\n  b: {run: "cat ${{ stages.c.outputs.text }}"}\n';
  await using workspace = new Workspace({ 'workflow.yaml': faulty });
  const { exit, stdout, stderr } = await workspace.kumiki(['validate']);
  assert.equal(exit, 2);
  const said = stdout + stderr;
  assert.match(
    said,
    /workflow\.yaml:2:7: error: unknown key 'rnu'\n {2}2 \| .*\n +\| +\^\^\^\n {2}= did you mean 'run'/,
  );
  assert.match(said, /workflow\.yaml:3:\d+: error: .*'c'/);
});

test('bash completes commands, options, stages and outputs', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': chain });
  const complete = (words: readonly string[]) => {
    const script = [
      `kumiki() { '${process.execPath}' '${cli}' "$@"; }`,
      'eval "$(kumiki completion bash)"',
      `COMP_WORDS=(kumiki ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`,
      '_kumiki; printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    return execFileSync('bash', ['-c', script], { cwd: workspace.root, encoding: 'utf8' }).trim().split('\n');
  };
  assert.deepEqual(complete(['exp']), ['explain']);
  assert.ok(complete(['run', '--f']).includes('--force'));
  assert.deepEqual(complete(['run', 'se']), ['second']);
  assert.deepEqual(complete(['output', 'first.']), ['first.text']);
  assert.deepEqual(complete(['graph', '--format', 's']), ['svg']);
  assert.deepEqual(complete(['cache', 'v']), ['verify']);
});

test('completion scripts for zsh and fish are those shells can read', async (t) => {
  await using workspace = new Workspace();
  for (const shell of ['zsh', 'fish']) {
    const { exit, stdout } = await workspace.kumiki(['completion', shell]);
    assert.equal(exit, 0);
    try {
      execFileSync(shell, ['-n', '-c', stdout]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      t.diagnostic(`${shell} is not installed`);
    }
  }
  assert.equal((await workspace.kumiki(['completion', 'tcsh'])).exit, 2);
});

test('doctor says what is there and how to get the rest', async () => {
  await using workspace = new Workspace();
  const { exit, stdout } = await workspace.kumiki(['doctor']);
  assert.equal(exit, 0);
  assert.match(stdout, /✓ {2}node +\d/);
  const findings = JSON.parse((await workspace.kumiki(['doctor', '--json'])).stdout);
  assert.ok(Array.isArray(findings) && findings.length > 5);
});

test('doctor --measure notes every rate of this machine, and plan reckons with them', async () => {
  const split = { uses: 'split-corpus', inputs: { texts: 'text.txt' }, with: { num_files: 3 } };
  await using workspace = new Workspace({ 'workflow.yaml': { stages: { split } }, 'text.txt': 'text\n'.repeat(1000) });
  const plan = async () => JSON.parse((await workspace.kumiki(['plan', '--json'])).stdout);
  const [assumed] = (await plan()).rates;
  assert.equal(assumed.measured, undefined);
  const { exit, stdout } = await workspace.kumiki(['doctor', '--measure', '--json']);
  assert.equal(exit, 0);
  const found = Object.entries<{ value: number; unit: string }>(JSON.parse(stdout));
  assert.ok(found.length >= 7);
  for (const [name, { value, unit }] of found) assert.ok(value > 0 && unit !== '', name);
  const after = await plan();
  const [used] = after.rates;
  const measured = Object.fromEntries(found)[assumed.name]!;
  assert.deepEqual([used.name, used.value, used.unit], [assumed.name, measured.value, measured.unit]);
  assert.ok(Date.parse(used.measured) <= Date.now());
  assert.ok(after.total.cpuSeconds > 0);
});

test('gc keeps what recent and named runs reach; what hangs on a removed payload stays current', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': chain });
  await workspace.kumiki(['run', '--name', 'paper']);
  await workspace.kumiki(['run', '--set', 'params.word=two']);
  await workspace.kumiki(['run', '--set', 'params.word=three']);
  const kept = async () =>
    (await workspace.kumiki(['cache', 'ls'])).stdout.split('\n').filter((line) => / B /.test(line)).length;
  assert.equal(await kept(), 6);

  const dry = await workspace.kumiki(['cache', 'gc', '--keep-runs', '1', '--dry-run']);
  assert.match(dry.stdout, /would remove 2 results/);
  assert.equal(await kept(), 6);
  assert.match((await workspace.kumiki(['cache', 'gc', '--keep-runs', '1'])).stdout, /removed 2 results/);
  assert.equal(await kept(), 4);
  assert.match((await workspace.kumiki(['run', '--set', 'params.word=two'])).stdout, /2 cached/);

  await workspace.kumiki(['runs', 'name', 'paper']);
  await workspace.kumiki(['cache', 'gc', '--keep-runs', '0']);
  assert.equal(await kept(), 0);
  assert.match((await workspace.kumiki(['run', '--force', 'second'])).stdout, /first +done[\s\S]*second +done/);
});

test('du says what holds the space; verify finds a flipped byte, and the next run builds that result again', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': chain });
  await workspace.kumiki(['run']);
  assert.match((await workspace.kumiki(['cache', 'du'])).stdout, /second +8 B +1 result\n/);
  const file = (await workspace.kumiki(['output', 'first.text'])).stdout.trim();
  chmodSync(file, 0o644);
  writeFileSync(file, 'onE\n');
  const verified = await workspace.kumiki(['cache', 'verify']);
  assert.equal(verified.exit, 1);
  assert.match(verified.stdout, /1 damaged/);
  assert.match((await workspace.kumiki(['run'])).stdout, /1 built, 1 cached/);
  assert.equal((await workspace.kumiki(['cache', 'verify'])).exit, 0);
});

test('the journal can be lost: what is in the store is found again', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': chain });
  await workspace.kumiki(['run']);
  rmSync(workspace.path('cache/journal'), { recursive: true });
  const verified = await workspace.kumiki(['cache', 'verify', '--rebuild-journal']);
  assert.match(verified.stdout, /2 results, 12 B: 0 damaged/);
  assert.match((await workspace.kumiki(['run'])).stdout, /2 cached/);
});

test('a run that is removed is gone, its results stay', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': chain });
  await workspace.kumiki(['run']);
  const [id] = readdirSync(workspace.path('cache/runs'));
  assert.equal((await workspace.kumiki(['runs', 'remove', id!])).exit, 0);
  assert.equal((await workspace.kumiki(['runs'])).stdout, '');
  assert.match((await workspace.kumiki(['run'])).stdout, /2 cached/);
});

test('what gc removed comes back when it is to be published, and only then', async () => {
  const publish = { 'out/second.txt': '${{ stages.second.outputs.text }}' };
  await using workspace = new Workspace({ 'workflow.yaml': { ...chain, publish } });
  await workspace.kumiki(['run']);
  assert.match((await workspace.kumiki(['cache', 'gc', '--keep-runs', '0'])).stdout, /removed 2 results/);
  assert.match((await workspace.kumiki(['run'])).stdout, /2 cached\n/, 'the copy is still there');
  rmSync(workspace.path('out'), { recursive: true });
  const { exit, stdout } = await workspace.kumiki(['run']);
  assert.deepEqual([exit, workspace.read('out/second.txt')], [0, 'one\none\n'], stdout);
});

test('a rebuild that gives other bytes is told of, and leaves nothing behind', async () => {
  const workflow = { stages: { odd: { run: 'date +%s%N > ${{ outputs.text }}', ...text } } };
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  await workspace.kumiki(['run']);
  const { stdout } = await workspace.kumiki(['run', '--force']);
  assert.match(stdout, /! odd +not reproducible: text was sha256:[0-9a-f]{64}, is now sha256:[0-9a-f]{64}\n/);
  assert.match((await workspace.kumiki(['cache', 'ls'])).stdout, /irreproducible/);
  assert.deepEqual(readdirSync(workspace.path('cache/work')), []);
});
