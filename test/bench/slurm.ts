/**
 * A matrix of a thousand small jobs on the Slurm cluster that `SLURM_CONF` names, beside plain `sbatch --array` of the same: jobs that do nothing but write
 * a number, and jobs that sleep a second before. `KUMIKI_BENCH_SLURM_TASKS` (default 1000), `KUMIKI_BENCH_SLURM_SECONDS` (default 0,1) and
 * `KUMIKI_BENCH_SLURM_RUNS` (default 1) say otherwise. Interrupted, it cancels the jobs that it submitted and no others.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median, printRow } from './measure.ts';

const tasks = Number(process.env.KUMIKI_BENCH_SLURM_TASKS ?? 1000);
const lengths = (process.env.KUMIKI_BENCH_SLURM_SECONDS ?? '0,1').split(',').map(Number);
const runs = Number(process.env.KUMIKI_BENCH_SLURM_RUNS ?? 1);
const cli = join(import.meta.dirname, '../../cli/main.js');
const pollSeconds = 2;
const longestArray = 1000;
const statusPrograms = ['squeue', 'scontrol', 'sacct'];

const missing = whyNoCluster();
if (missing !== undefined) {
  console.log(`skipped: ${missing}`);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-slurm-'));
let engine: ChildProcess | undefined;
const submitted = new Set<string>();
let interrupted = false;
process.on('SIGINT', () => {
  interrupted = true;
  engine?.kill('SIGINT');
  if (submitted.size > 0) spawnSync('scancel', [...submitted]);
});

try {
  console.log(`${tasks} jobs, from the command on until all that they write is there; ${runs} runs, medians`);
  for (const seconds of lengths) {
    const plain: number[] = [];
    const ours: Run[] = [];
    for (let run = 0; run < runs && !interrupted; run++) {
      plain.push(await plainArray(join(folder, `plain-${seconds}-${run}`), seconds));
      if (!interrupted) ours.push(await kumikiRun(join(folder, `kumiki-${seconds}-${run}`), seconds));
    }
    if (!interrupted) report(seconds, plain, ours);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  if (interrupted) process.exitCode = 130;
}

interface Call {
  readonly program: string;
  /** Seconds since the epoch. */
  readonly start: number;
  readonly end: number;
}

interface Run {
  readonly seconds: number;
  readonly submission: number;
  readonly calls: readonly Call[];
}

function whyNoCluster(): string | undefined {
  const { error, status, stderr } = spawnSync('sinfo', ['--noheader'], { encoding: 'utf8', timeout: 30_000 });
  if (error) return 'sinfo is not there: this needs a Slurm cluster, test/slurm/start-cluster.sh starts a small one';
  if (status === 0) return undefined;
  const why = stderr.trim().split('\n').at(-1) ?? '';
  return `Slurm does not answer (${why}): set SLURM_CONF; test/slurm/start-cluster.sh starts a small cluster`;
}

/** From before sbatch until the last of its jobs has written: what sbatch --wait sleeps afterwards is not counted. */
async function plainArray(directory: string, seconds: number): Promise<number> {
  mkdirSync(join(directory, 'out'), { recursive: true });
  const script = join(directory, 'job.sh');
  writeFileSync(
    script,
    `#!/bin/bash\n${work(seconds)}echo $(("$1" + SLURM_ARRAY_TASK_ID)) > out/$(("$1" + SLURM_ARRAY_TASK_ID))\n`,
  );
  const started = performance.now();
  for (let from = 0; from < tasks; from += longestArray) {
    const array = `--array=0-${Math.min(longestArray, tasks - from) - 1}`;
    const options = ['--parsable', array, '--mem=32M', '--cpus-per-task=1', '--output=/dev/null'];
    const sbatch = spawnSync('sbatch', [...options, script, String(from)], { cwd: directory, encoding: 'utf8' });
    if (sbatch.status !== 0) throw new Error(sbatch.stderr);
    submitted.add(sbatch.stdout.trim().split(';')[0]!);
  }
  while (!interrupted && readdirSync(join(directory, 'out')).length < tasks) await delay(50);
  submitted.clear();
  return (performance.now() - started) / 1000;
}

/** What a job does before it writes. */
function work(seconds: number): string {
  return seconds === 0 ? '' : `sleep ${seconds}; `;
}

/** A whole `kumiki run`, its calls of Slurm's programs noted on the way; throws unless every job ran and its result is kept. */
async function kumikiRun(directory: string, seconds: number): Promise<Run> {
  mkdirSync(join(directory, '.git'), { recursive: true });
  writeFileSync(
    join(directory, 'workflow.yaml'),
    `stages:
  number:
    executor: slurm
    matrix: { i: "\${{ range(0, ${tasks - 1}) }}" }
    resources: { cpu: 1, memory: 32MiB }
    outputs: { number: file }
    run: |
      ${work(seconds)}echo \${{ matrix.i }} > \${{ outputs.number }}
`,
  );
  const bin = notingPrograms(directory);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, KUMIKI_CACHE: join(directory, 'cache') };
  const [start, started] = [Date.now() / 1000, performance.now()];
  engine = spawn(process.execPath, [cli, 'run', '--json'], {
    cwd: directory,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let events = '';
  engine.stdout!.setEncoding('utf8').on('data', (text: string) => {
    events += text;
  });
  const [code] = (await once(engine, 'close')) as [number];
  const wall = (performance.now() - started) / 1000;
  if (interrupted) return { seconds: wall, submission: 0, calls: [] };
  const keys = new Set([...events.matchAll(/"attempt-started".*?"key":"([0-9a-f]+)"/g)].map(([, key]) => key));
  const kept = readdirSync(join(directory, 'cache/store')).length;
  if (code !== 0 || keys.size !== tasks || kept !== tasks) {
    throw new Error(`kumiki ended with ${code}; ${keys.size} jobs ran, ${kept} results are kept`);
  }
  const calls = readFileSync(join(directory, 'calls'), 'utf8').trim().split('\n').map(parseCall);
  const submissions = calls.filter(({ program }) => program === 'sbatch').map(({ end }) => end);
  return { seconds: wall, submission: Math.max(...submissions) - start, calls };
}

/** Programs for the front of PATH that note when they were called and do what Slurm's do; asking once for the cluster's settings is no status call. */
function notingPrograms(directory: string): string {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const program of ['sbatch', 'scancel', ...statusPrograms]) {
    const real = spawnSync('bash', ['-c', 'type -P "$1"', 'bash', program], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(
      join(bin, program),
      `#!/bin/bash
start=$EPOCHREALTIME
'${real}' "$@"
code=$?
[ "$*" = 'show config' ] || echo "${program} $start $EPOCHREALTIME" >> '${directory}/calls'
exit $code
`,
    );
    chmodSync(join(bin, program), 0o755);
  }
  return bin;
}

function parseCall(line: string): Call {
  const [program = '', start, end] = line.split(' ');
  return { program, start: Number(start), end: Number(end) };
}

function report(length: number, plain: readonly number[], all: readonly Run[]): void {
  const whole = { seconds: median(all.map(({ seconds }) => seconds)), peakBytes: undefined };
  const peer = { name: 'sbatch --array', measured: { seconds: median(plain), peakBytes: undefined } };
  const submission = { seconds: median(all.map((run) => run.submission)), peakBytes: undefined };
  printRow(length === 0 ? 'jobs that write a number' : `jobs of ${length} s`, whole, peer, 'at most 1.05');
  printRow('  until the last sbatch has returned', submission, undefined, 'at most 3 s');
  const count = (calls: readonly Call[], programs: readonly string[]) =>
    calls.filter(({ program }) => programs.includes(program)).length;
  console.log(`  sbatch was called ${median(all.map(({ calls }) => count(calls, ['sbatch'])))} times`);
  const asked = median(all.map(({ calls }) => count(calls, statusPrograms)));
  const closest = Math.min(...all.map(({ calls }) => closestStatusCalls(calls)));
  console.log(
    `  status calls: ${asked} in ${whole.seconds.toFixed(1)} s, ${((asked * pollSeconds) / whole.seconds).toFixed(2)} a poll of ${pollSeconds} s, never closer than ${closest.toFixed(2)} s  (at most 1 a poll)`,
  );
}

/** Seconds from the end of one status call to the start of the next, at least. */
function closestStatusCalls(calls: readonly Call[]): number {
  const status = calls.filter(({ program }) => statusPrograms.includes(program)).sort((a, b) => a.start - b.start);
  return Math.min(...status.slice(1).map(({ start }, index) => start - status[index]!.end));
}
