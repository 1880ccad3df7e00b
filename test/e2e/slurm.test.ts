/** The command line on a real Slurm: `KUMIKI_TEST_SLURM` names its slurm.conf, see test/slurm/start-cluster.sh. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';

const conf = process.env.KUMIKI_TEST_SLURM;
const skip = conf ? false : 'KUMIKI_TEST_SLURM names no slurm.conf: test/slurm/start-cluster.sh starts a cluster';
const main = join(import.meta.dirname, '../../cli/main.js');

function openWorkspace(t: TestContext, workflow: string) {
  const root = mkdtempSync(join(tmpdir(), 'kumiki-slurm-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'workflow.yaml'), workflow);
  const env = { ...process.env, SLURM_CONF: conf ?? '', KUMIKI_CACHE: join(root, 'cache') };
  const options = { cwd: root, env };
  return {
    root,
    run: (...words: string[]) => spawnSync(process.execPath, [main, ...words], { ...options, encoding: 'utf8' }),
    start: (...words: string[]): ChildProcess =>
      spawn(process.execPath, [main, ...words], { ...options, stdio: ['ignore', 'pipe', 'inherit'] }),
    lines: (file: string) => readFileSync(join(root, file), 'utf8').split('\n').filter(Boolean),
  };
}

/** Each start of a job leaves a line; the job ends once the gate is there. */
const gated = `
stages:
  slow:
    executor: slurm
    timeout: 5m
    outputs: { out: file }
    run: |
      echo started >> starts
      until [ -e gate ]; do sleep 0.1; done
      cat gate > \${{ outputs.out }}
publish: { out.txt: "\${{ stages.slow.outputs.out }}" }
`;

async function jobStarted(engine: ChildProcess): Promise<void> {
  for await (const line of createInterface({ input: engine.stdout! })) if (line.includes('"attempt-started"')) return;
}

test('a matrix runs as an array, and its results are cached', { skip }, (t) => {
  const { run, root, lines } = openWorkspace(
    t,
    `
slurm: { partition: main }
stages:
  part:
    executor: slurm
    matrix: { n: [1, 2, 3] }
    slurm: { arrayLimit: 2 }
    resources: { memory: 64MiB }
    outputs: { out: file }
    run: echo \${{ matrix.n }} > \${{ outputs.out }}
  all:
    outputs: { out: file }
    run: cat \${{ stages.part.outputs.out }} > \${{ outputs.out }}
publish: { all.txt: "\${{ stages.all.outputs.out }}" }
`,
  );
  const first = run('run');
  assert.equal(first.status, 0, first.stdout + first.stderr);
  assert.deepEqual(lines('all.txt'), ['1', '2', '3']);
  assert.deepEqual(readdirSync(join(root, 'cache/slurm')), ['submissions']);
  assert.match(run('run').stdout, /4 cached/);
});

test('after kill -9 the next run takes the job up and runs nothing twice', { skip }, async (t) => {
  const { start, run, root, lines } = openWorkspace(t, gated);
  const engine = start('run', '--json');
  await jobStarted(engine);
  engine.kill('SIGKILL');
  await once(engine, 'exit');
  writeFileSync(join(root, 'gate'), 'through\n');
  const again = run('run');
  assert.equal(again.status, 0, again.stdout + again.stderr);
  assert.deepEqual([lines('out.txt'), lines('starts')], [['through'], ['started']]);
});

test('Ctrl-C leaves the job to itself, and watch comes back to it', { skip }, async (t) => {
  const { start, run, root, lines } = openWorkspace(t, gated);
  const engine = start('run', '--json', '--on-interrupt', 'detach');
  await jobStarted(engine);
  engine.kill('SIGINT');
  const [code] = (await once(engine, 'exit')) as [number];
  assert.equal(code, 130);
  writeFileSync(join(root, 'gate'), 'through\n');
  const watch = run('watch');
  assert.equal(watch.status, 0, watch.stdout + watch.stderr);
  assert.deepEqual([lines('out.txt'), lines('starts')], [['through'], ['started']]);
});

test('Ctrl-C cancels the job unless told otherwise', { skip }, async (t) => {
  const { start, root } = openWorkspace(t, gated);
  const engine = start('run', '--json');
  await jobStarted(engine);
  engine.kill('SIGINT');
  const [code] = (await once(engine, 'exit')) as [number];
  assert.equal(code, 130);
  assert.equal(existsSync(join(root, 'out.txt')), false);
});

test('--executor slurm runs every stage as a job, those that come with kumiki too', { skip }, (t) => {
  const split =
    'split: {uses: split-corpus, inputs: {texts: text.txt}, with: {num_files: 2}, resources: {memory: 300MiB}}';
  const count =
    'count: {run: "cat ${{ stages.split.outputs.shards }}/* | wc -l > ${{ outputs.lines }}", outputs: {lines: file}}';
  const { run, root } = openWorkspace(
    t,
    `stages:\n  ${split}\n  ${count}\npublish: {lines.txt: "\${{ stages.count.outputs.lines }}"}\n`,
  );
  writeFileSync(join(root, 'text.txt'), '文です。\n'.repeat(500));
  const { status, stdout, stderr } = run('run', '--executor', 'slurm', '--json');
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stdout.match(/"type":"attempt-started"[^\n]*"executor":"slurm"/g)?.length, 2);
  assert.ok(Number(readFileSync(join(root, 'lines.txt'), 'utf8')) >= 500);
});
