/** The command line on a real Slurm: `KUMIKI_TEST_SLURM` names its slurm.conf, see test/slurm/start-cluster.sh. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { Workspace } from './rig.ts';

const conf = process.env.KUMIKI_TEST_SLURM;
const skip = conf ? false : 'KUMIKI_TEST_SLURM names no slurm.conf: test/slurm/start-cluster.sh starts a cluster';
const main = join(import.meta.dirname, '../../cli/main.js');

function openWorkspace(t: TestContext, workflow: string) {
  const root = mkdtempSync(join(tmpdir(), 'kumiki-slurm-'));
  t.after(() => rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
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

test("a stage's arrayLimit holds over jobs that become ready one after another", { skip }, (t) => {
  const { run, lines } = openWorkspace(
    t,
    `
stages:
  early:
    matrix: { n: [0, 1, 2] }
    outputs: { out: file }
    run: sleep 0.\${{ matrix.n }}; echo \${{ matrix.n }} > \${{ outputs.out }}
  late:
    executor: slurm
    matrix: { n: [0, 1, 2] }
    slurm: { arrayLimit: 1 }
    outputs: { out: file }
    run: |
      echo start >> order
      sleep 0.5
      echo end >> order
      cat \${{ stages.early.outputs.out }} > \${{ outputs.out }}
`,
  );
  const { status, stdout, stderr } = run('run');
  assert.equal(status, 0, stdout + stderr);
  assert.deepEqual(lines('order'), ['start', 'end', 'start', 'end', 'start', 'end']);
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

test('watch comes back to a job after the machine that submitted it was started again', { skip }, async (t) => {
  const { start, run, root, lines } = openWorkspace(t, gated);
  const engine = start('run', '--json');
  await jobStarted(engine);
  engine.kill('SIGKILL');
  await once(engine, 'exit');
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  for (const name of readdirSync(join(root, 'cache/holders'))) {
    const holder = join(root, 'cache/holders', name);
    writeFileSync(holder, readFileSync(holder, 'utf8').replace(boot, '00000000-0000-0000-0000-000000000000'));
  }
  writeFileSync(join(root, 'gate'), 'through\n');
  const watch = run('watch');
  assert.equal(watch.status, 0, watch.stdout + watch.stderr);
  assert.match(watch.stderr, /left jobs on Slurm: taking up what is there/);
  assert.deepEqual([lines('out.txt'), lines('starts')], [['through'], ['started']]);
});

test('Ctrl-C on a terminal asks; with no the job goes on, with yes it is cancelled', {
  skip: skip || (spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1)'),
}, async () => {
  await using workspace = new Workspace({ 'workflow.yaml': gated });
  const env = { SLURM_CONF: conf ?? '' };
  for (const [answer, last] of [
    ['n', /what runs elsewhere goes on/],
    ['y', /stopping/],
  ] as const) {
    const screen = workspace.startOnTerminal(['run'], { env });
    await screen.printed(/on the cluster/);
    screen.child.stdin!.write('\u0003');
    await screen.printed(/cancel the jobs on Slurm\?/);
    screen.child.stdin!.write(answer);
    await screen.printed(last);
    assert.equal((await screen.finished).exit, 130);
    const left = workspace.has('cache/slurm') ? readdirSync(workspace.path('cache/slurm')) : [];
    assert.equal(
      left.some((name) => /^[0-9a-f]{64}$/.test(name)),
      answer === 'n',
    );
  }
});

/** A resumable stage: its first start leaves a checkpoint and waits, the next one goes on from there. */
const resumableStage = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { defineStage } from 'kumiki';
import { z } from 'zod';
export default defineStage({
  name: 'slow', version: 1, description: 'waits once', params: z.object({}), inputs: {},
  outputs: { out: { kind: 'file', description: 'what it made' } },
  resume: { params: [], inputs: [] },
  async run({ outputs, scratch, progress }) {
    appendFileSync('starts', 'started\\n');
    if (!existsSync(scratch + '/checkpoint')) {
      writeFileSync(scratch + '/checkpoint', 'half');
      progress(1, 2, 'halves');
      for (;;) await delay(1000);
    }
    writeFileSync(outputs.out, 'whole');
  },
});
`;
const resumable = `
stages:
  slow: { uses: ./slow.mjs, executor: slurm, timeout: 5m, resources: { memory: 200MiB } }
publish: { out.txt: "\${{ stages.slow.outputs.out }}" }
`;

function slurm(...words: string[]): string {
  return spawnSync('bash', ['-c', '"$@"', 'bash', ...words], {
    env: { ...process.env, SLURM_CONF: conf ?? '' },
    encoding: 'utf8',
  }).stdout.trim();
}

/** Resolves with the id of the job once its stage has told of progress. */
async function halfWay(engine: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: engine.stdout! })) if (line.includes('"progress"')) break;
  engine.stdout!.resume();
  return slurm('squeue', '--noheader', '--array', '--states=RUNNING', '--format=%i %j')
    .split('\n')
    .find((line) => line.includes('kumiki-slow-'))!
    .split(' ')[0]!;
}

for (const [what, disturb] of [
  ['a requeue', (id: string) => slurm('scontrol', 'requeue', id)],
  ['preemption', () => slurm('srun', '--partition=urgent', '--exclusive', '--quiet', 'true')],
] as const) {
  test(`after ${what} a resumable stage goes on from its checkpoint`, { skip }, async (t) => {
    const { start, root, lines } = openWorkspace(t, resumable);
    writeFileSync(join(root, 'slow.mjs'), resumableStage);
    const engine = start('run', '--json');
    const ended = once(engine, 'exit');
    const id = await halfWay(engine);
    disturb(id);
    // Slurm holds a requeued job back for two minutes, so that its node may be cleaned; not in a test.
    const hasten = setInterval(() => slurm('scontrol', 'update', `JobId=${id}`, 'StartTime=now'), 1000);
    t.after(() => clearInterval(hasten));
    assert.equal((await ended)[0], 0);
    assert.deepEqual([lines('out.txt'), lines('starts')], [['whole'], ['started', 'started']]);
  });
}

test('a cancelled job that heeds no signal does not wait for Slurm to kill it', { skip }, async (t) => {
  const deaf = `
stages:
  deaf:
    executor: slurm
    timeout: 5m
    outputs: { out: file }
    run: |
      trap '' TERM
      echo '{"type": "progress", "done": 1}' >> "$KUMIKI_EVENTS"
      while sleep 0.1; do true; done
`;
  const { start } = openWorkspace(t, deaf);
  const engine = start('run', '--json');
  const ended = once(engine, 'exit');
  for await (const line of createInterface({ input: engine.stdout! })) if (line.includes('"progress"')) break;
  engine.stdout!.resume();
  engine.kill('SIGINT');
  assert.equal((await ended)[0], 130);
});

test('a timeout below the minutes that Slurm counts in holds', { skip }, (t) => {
  const { run } = openWorkspace(
    t,
    'stages: { slow: { executor: slurm, timeout: 2s, outputs: { out: file }, run: "sleep 60; echo > ${{ outputs.out }}" } }\n',
  );
  const { status, stdout } = run('run', '--json');
  assert.equal(status, 1);
  assert.match(stdout, /"reason":"timeout","message":"did not finish within 2 s: raise its timeout"/);
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
