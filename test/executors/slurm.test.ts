/** Faults of a cluster, with a stand-in for Slurm's programs. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Job, JobEnd, RunningJob } from '../../src/executors/executor.ts';
import { createSlurmExecutor } from '../../src/executors/slurm/slurm.ts';
import type { Instance } from '../../src/graph/plan.ts';
import { planOf } from '../run/plans.ts';

const programs = ['sbatch', 'squeue', 'scontrol', 'sacct', 'scancel'];
const standIn = join(import.meta.dirname, '../../../test/slurm/fake-slurm.sh');

function openCluster(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-slurm-'));
  const bin = join(directory, 'bin');
  mkdirSync(join(bin, 'jobs'), { recursive: true });
  for (const program of programs) {
    copyFileSync(standIn, join(bin, program));
    chmodSync(join(bin, program), 0o755);
  }
  const path = process.env.PATH ?? '';
  process.env.PATH = `${bin}:${path}`;
  t.after(async () => {
    process.env.PATH = path;
    // A job that was left to itself may still be writing: only the asynchronous one looks again at what is there.
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  const warnings: string[] = [];
  const listener = {
    progress() {},
    metric() {},
    conclusion() {},
    holds() {},
    warning: (message: string) => void warnings.push(message),
  };
  const executor = createSlurmExecutor({ cache: directory, pollMs: 20, patience: 3 });
  const stopping = new AbortController();
  let jobs = 0;
  const start = (script: string, settings: Partial<Instance> = {}, key = 'key'): Promise<RunningJob> => {
    const number = ++jobs;
    const at = (name: string) => join(directory, `${name}.${number}`);
    mkdirSync(at('work'));
    mkdirSync(at('scratch'));
    const instance: Instance = {
      ...planOf(directory, [{ id: 'a' }]).instances[0]!,
      outputs: { out: 'file' },
      ...settings,
    };
    const place = executor.place!(key, instance);
    const job: Job = {
      instance,
      key,
      attempt: number,
      cwd: directory,
      env: { PATH: path, OUT: place.outputs.out!, KUMIKI_SCRATCH: place.scratch, KUMIKI_EVENTS: place.events },
      command: { kind: 'shell', script, events: place.events },
      log: at('log'),
      ...(settings.timeoutMs !== undefined && { timeoutMs: settings.timeoutMs }),
      stopping: () => stopping.signal,
      reads: [],
      delivery: { outputs: { out: join(at('work'), 'out') }, ...(instance.resume && { scratch: at('scratch') }) },
    };
    return executor.start(job, listener);
  };
  const ended = async (script: string, settings: Partial<Instance> = {}): Promise<JobEnd> =>
    (await start(script, settings)).end;
  return {
    directory,
    warnings,
    stopping,
    start,
    ended,
    output: (number = 1) => readFileSync(join(directory, `work.${number}/out`), 'utf8'),
    log: (number = 1) => readFileSync(join(directory, `log.${number}`), 'utf8'),
    behave: (file: string, text = '') => writeFileSync(join(bin, file), text),
    normal: (file: string) => rmSync(join(bin, file)),
    calls: (program: string) =>
      readFileSync(join(bin, 'calls'), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(program)),
  };
}

test('a job delivers its output and its log, and nothing of it is left', async (t) => {
  const cluster = openCluster(t);
  const end = await cluster.ended('echo said; echo made > "$OUT"');
  assert.equal(end.failure, undefined);
  assert.equal(cluster.output(), 'made\n');
  assert.equal(cluster.log(), 'said\n');
  assert.equal(existsSync(join(cluster.directory, 'slurm/key')), false);
});

test('resources and settings become words of sbatch, whatever they hold', async (t) => {
  const cluster = openCluster(t);
  await cluster.ended('true', {
    resources: { cpu: 3, memory: 2 ** 31, gpu: 2 },
    timeoutMs: 90_000_000,
    slurm: {
      partition: 'long',
      account: 'lab',
      qos: 'urgent',
      constraint: 'a100&nvlink',
      arrayLimit: 7,
      flags: ['--comment=a b; touch $HOME'],
    },
  });
  const [call] = cluster.calls('sbatch');
  for (const word of [
    '--cpus-per-task=3',
    '--mem=2048M',
    '--gres=gpu:2',
    '--partition=long',
    '--account=lab',
    '--qos=urgent',
    '--constraint=a100&nvlink',
    '--time=1-01:00:00',
    '--array=0-0%7',
    '--comment=a b; touch $HOME',
  ]) {
    assert.ok(call?.includes(word), word);
  }
});

test('a failing job says its exit and the end of its log', async (t) => {
  const { failure } = await openCluster(t).ended('echo why; exit 3');
  assert.equal(failure?.exitCode, 3);
  assert.deepEqual(failure?.tail, ['why']);
});

test('a resumable stage writes a checkpoint before its timeout', async (t) => {
  const cluster = openCluster(t);
  const { failure } = await cluster.ended(
    'trap "echo half > $KUMIKI_SCRATCH/checkpoint; exit 1" TERM; for turn in {1..600}; do sleep 0.1; done',
    { resume: { recipe: 'r', inputs: [] }, timeoutMs: 1_000 },
  );
  assert.equal(failure?.reason, 'timeout');
  assert.match(failure?.message ?? '', /did not finish within 1 s: raise its timeout, and run again/);
  assert.equal(readFileSync(join(cluster.directory, 'scratch.1/checkpoint'), 'utf8'), 'half\n');
});

test('a killed job leaves no word of its environment in a log', async (t) => {
  const cluster = openCluster(t);
  const { failure } = await cluster.ended('kill -KILL $$');
  assert.equal(failure?.signal, 'SIGKILL');
  assert.doesNotMatch(cluster.log(), /KUMIKI_SCRATCH/);
});

for (const [state, reason, remedy] of [
  ['TIMEOUT', 'timeout', /timeout/],
  ['OUT_OF_MEMORY', 'out-of-memory', /raise resources\.memory/],
  ['NODE_FAIL', 'lost', /run again/],
  ['PREEMPTED', 'lost', /run again/],
  ['CANCELLED', 'cancelled', /cancelled in Slurm.*run again/],
  ['COMPLETED', 'lost', /without a word/],
] as const) {
  test(`${state} without an exit code is a failure with what to do`, async (t) => {
    const cluster = openCluster(t);
    cluster.behave('state', state);
    const { failure } = await cluster.ended('true');
    assert.equal(failure?.reason, reason);
    assert.match(failure?.message ?? '', remedy);
  });
}

test('a job whose disk is full leaves a sentinel without a word, and is told so', async (t) => {
  const cluster = openCluster(t);
  const exit = join(cluster.directory, 'slurm/key/.exit');
  cluster.behave('state', 'RUNNING');
  const running = await cluster.start('true');
  writeFileSync(exit, '');
  cluster.behave('forget');
  assert.match((await running.end).failure?.message ?? '', /could not write its exit code .*make room on that disk/);
});

test('a job whose output cannot be taken ends as a failure', async (t) => {
  const cluster = openCluster(t);
  const gate = join(cluster.directory, 'gate');
  const running = await cluster.start(`until [ -e '${gate}' ]; do sleep 0.05; done; echo > "$OUT"`);
  rmSync(join(cluster.directory, 'work.1'), { recursive: true });
  writeFileSync(gate, '');
  assert.match((await running.end).failure?.message ?? '', /what it left cannot be taken \(ENOENT.*run again/);
});

test('a job that nobody knows any more is lost, never done', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'RUNNING');
  cluster.behave('forget');
  const { failure } = await cluster.ended('true');
  assert.equal(failure?.reason, 'lost');
  assert.match(failure?.message ?? '', /does not know it/);
});

for (const [state, reason, said] of [
  ['OUT_OF_MEMORY', 'out-of-memory', /raise resources\.memory/],
  ['CANCELLED by 1000', 'cancelled', /cancelled in Slurm \(by 1000\)/],
] as const) {
  test(`the accounting tells of a job that the controller has forgotten: ${state}`, async (t) => {
    const cluster = openCluster(t);
    cluster.behave('state', 'RUNNING');
    cluster.behave('forget');
    cluster.behave('accounted', state);
    const { failure } = await cluster.ended('true');
    assert.equal(failure?.reason, reason);
    assert.match(failure?.message ?? '', said);
  });
}

test('the controller is asked for a job that has left the queue', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'NODE_FAIL');
  cluster.behave('forget');
  cluster.behave('remember');
  const { failure } = await cluster.ended('true');
  assert.match(failure?.message ?? '', /the node of job 7_0 failed \(NODE_FAIL\)/);
});

test('one call tells of all jobs', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'CANCELLED');
  const jobs = await Promise.all(keys(9).map((key) => cluster.start('true', {}, key)));
  await Promise.all(jobs.map(({ end }) => end));
  assert.equal(cluster.calls('squeue').length, 1);
});

test('a job that only the accounting takes to be running is lost', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'RUNNING');
  cluster.behave('forget');
  cluster.behave('accounted', 'RUNNING');
  assert.equal((await cluster.ended('true')).failure?.reason, 'lost');
});

test('checkpoints of a job that Slurm has forgotten are gone on from', async (t) => {
  const cluster = openCluster(t);
  const resume = { resume: { recipe: 'r', inputs: [] } };
  cluster.behave('state', 'RUNNING');
  const first = await cluster.start('true', resume);
  first.detach!();
  writeFileSync(join(cluster.directory, 'slurm/key/.scratch/checkpoint'), 'half');
  cluster.normal('state');
  cluster.behave('forget');
  const second = await cluster.start('cp "$KUMIKI_SCRATCH/checkpoint" "$OUT"', resume);
  assert.equal((await second.end).failure, undefined);
  assert.equal(cluster.output(2), 'half');
  assert.equal(cluster.calls('sbatch').length, 2);
});

test('a controller that is away is waited for', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'TIMEOUT');
  cluster.behave('deaf', '1\n2\n3\n4\n');
  const { failure } = await cluster.ended('true');
  assert.equal(failure?.reason, 'timeout');
  assert.match(cluster.warnings.join(), /does not answer/);
});

test('a refused submission says why', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('refuse');
  await assert.rejects(cluster.start('true'), /invalid partition/);
});

test('a full queue is told of at once, and waited for also when sbatch gives up', async (t) => {
  const cluster = openCluster(t);
  for (const file of ['full', 'gives-up']) cluster.behave(file);
  const ended = cluster.ended('echo made > "$OUT"');
  while (cluster.warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(cluster.warnings[0]!, /Slurm takes no more jobs now \(MaxJobCount\)/);
  cluster.normal('full');
  assert.equal((await ended).failure, undefined);
  assert.equal(cluster.output(), 'made\n');
  assert.equal(cluster.calls('sbatch').length, 2);
  assert.equal(cluster.warnings.length, 1);
});

test('a job that waits for room in the queue is not submitted any more when it is stopped', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('full');
  const started = cluster.start('true');
  while (cluster.warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  cluster.stopping.abort();
  await assert.rejects(started, /was stopped before it was submitted/);
  cluster.normal('full');
});

test("sbatch's lost answer does not submit twice", async (t) => {
  const cluster = openCluster(t);
  cluster.behave('reply-lost');
  assert.equal((await cluster.ended('echo 1 >> "$OUT"')).failure, undefined);
  assert.equal(cluster.output(), '1\n');
  assert.equal(cluster.calls('sbatch').length, 1);
});

test('a detached job is taken up by its key and runs once', async (t) => {
  const cluster = openCluster(t);
  const gate = join(cluster.directory, 'gate');
  const script = `mkfifo '${gate}'; cat '${gate}' > "$OUT"`;
  const first = await cluster.start(script);
  first.detach!();
  assert.match((await first.end).failure?.message ?? '', /goes on in Slurm/);
  const second = await cluster.start(script);
  while (!existsSync(gate)) await new Promise(setImmediate);
  writeFileSync(gate, 'through\n');
  assert.equal((await second.end).failure, undefined);
  assert.equal(cluster.output(2), 'through\n');
  assert.equal(cluster.calls('sbatch').length, 1);
});

test('a stopped job is cancelled', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'RUNNING');
  const running = await cluster.start('true');
  running.stop('now');
  assert.equal((await running.end).failure?.reason, 'cancelled');
});

test('jobs that ask for the same are one array, and one call tells of all', async (t) => {
  const cluster = openCluster(t);
  const ends = await Promise.all(['k1', 'k2'].map((key) => cluster.start('true', {}, key)));
  await Promise.all(ends.map(({ end }) => end));
  assert.equal(cluster.calls('sbatch').length, 1);
  assert.match(cluster.calls('sbatch')[0]!, /--array=0-1 /);
});

test('unfinished work of a resumable stage comes back from a failed job', async (t) => {
  const cluster = openCluster(t);
  const end = await cluster.ended('echo half > "$KUMIKI_SCRATCH/checkpoint"; exit 1', {
    resume: { recipe: 'r', inputs: [] },
  });
  assert.equal(end.failure?.reason, 'exit');
  assert.equal(readFileSync(join(cluster.directory, 'scratch.1/checkpoint'), 'utf8'), 'half\n');
});

/** A script that notes when it starts and ends, so that `mostAtOnce` can tell. */
const noting = (directory: string) =>
  `echo + >> '${directory}/trace'; sleep 0.3; echo - >> '${directory}/trace'; echo > "$OUT"`;

function mostAtOnce(directory: string): number {
  let running = 0;
  const counts = readFileSync(join(directory, 'trace'), 'utf8')
    .trim()
    .split('\n')
    .map((sign) => (running += sign === '+' ? 1 : -1));
  return Math.max(...counts);
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`);
/** What was submitted, sorted: arrays of one burst are submitted side by side. */
const arrays = (cluster: ReturnType<typeof openCluster>) =>
  cluster
    .calls('sbatch')
    .map((call) => /--array=(\S+)/.exec(call)?.[1])
    .sort();

for (const [limit, file, most] of [
  ['MaxArraySize', 'longest', '2'],
  ['MaxJobCount, of which the last place stays free', 'most', '3'],
] as const) {
  test(`arrays are no longer than the cluster's ${limit}`, async (t) => {
    const cluster = openCluster(t);
    cluster.behave(file, most);
    const jobs = await Promise.all(keys(5).map((key) => cluster.start('echo > "$OUT"', {}, key)));
    const ends = await Promise.all(jobs.map(({ end }) => end));
    assert.deepEqual(
      ends.map(({ failure }) => failure),
      Array(5).fill(undefined),
    );
    assert.deepEqual(arrays(cluster), ['0-0', '0-1', '0-1']);
  });
}

test('the first hundred of a burst do not wait until the rest is prepared', async (t) => {
  const cluster = openCluster(t);
  const jobs = await Promise.all(keys(150).map((key) => cluster.start('echo > "$OUT"', {}, key)));
  await Promise.all(jobs.map(({ end }) => end));
  assert.deepEqual(arrays(cluster), ['0-49', '0-99']);
});

test("a stage's limit holds over all its arrays", async (t) => {
  const cluster = openCluster(t);
  cluster.behave('longest', '2');
  const slurm = { arrayLimit: 2 };
  const jobs = keys(5).map((key) => cluster.start(noting(cluster.directory), { slurm }, key));
  const ends = await Promise.all(jobs.map(async (job) => (await job).end));
  assert.deepEqual(
    ends.map(({ failure }) => failure),
    Array(5).fill(undefined),
  );
  assert.equal(mostAtOnce(cluster.directory), 2);
});

test("a stage's limit counts jobs that an earlier engine left", async (t) => {
  const cluster = openCluster(t);
  const slurm = { arrayLimit: 1 };
  const script = noting(cluster.directory);
  (await cluster.start(script, { slurm }, 'k0')).detach!();
  const jobs = keys(2).map((key) => cluster.start(script, { slurm }, key));
  await Promise.all(jobs.map(async (job) => (await job).end));
  assert.deepEqual([mostAtOnce(cluster.directory), cluster.calls('sbatch').length], [1, 2]);
});

test('a job that its limit holds back is not submitted any more when it is stopped', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('state', 'RUNNING');
  const slurm = { arrayLimit: 1 };
  const first = await cluster.start('true', { slurm }, 'k0');
  const second = cluster.start('true', { slurm }, 'k1');
  cluster.stopping.abort();
  await assert.rejects(second, /stopped before it was submitted/);
  first.stop('now');
  await first.end;
  assert.equal(cluster.calls('sbatch').length, 1);
});

test("a job's environment is that of its attempt, and what Slurm tells", async (t) => {
  const cluster = openCluster(t);
  await cluster.ended('env');
  const names = cluster
    .log()
    .split('\n')
    .filter((line) => /^[^ ]+=/.test(line))
    .map((line) => line.split('=')[0]!);
  assert.deepEqual(names.filter((name) => !name.startsWith('SLURM_') && name !== '_' && name !== 'SHLVL').sort(), [
    'KUMIKI_EVENTS',
    'KUMIKI_SCRATCH',
    'OUT',
    'PATH',
  ]);
});

test('a job that Slurm starts again finds nothing of what its first start left half-written', async (t) => {
  const cluster = openCluster(t);
  cluster.behave('requeue');
  const once = join(cluster.directory, 'once');
  const end = await cluster.ended(
    `[ -e '${once}' ] || { touch '${once}'; echo half | tee "$OUT" "$KUMIKI_SCRATCH/half"; exit 1; }
    [ ! -e "$OUT" ] && [ ! -e "$KUMIKI_SCRATCH/half" ] && echo whole > "$OUT"`,
  );
  assert.equal(end.failure, undefined);
  assert.equal(cluster.output(), 'whole\n');
});
