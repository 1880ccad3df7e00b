/** Whole-process figures for the benchmarks: wall seconds and peak memory of a command, medians, and a table beside the peer. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measured {
  readonly seconds: number;
  /** Peak resident bytes of the largest process; undefined where GNU time is not installed. */
  readonly peakBytes: number | undefined;
  /** Of all cores, in user and system mode; undefined where GNU time is not installed. */
  readonly cpuSeconds?: number | undefined;
}

const gnuTime = '/usr/bin/time';

/** Runs a command once to its end. Throws with its output when it fails, so that a broken run never counts as a fast one. */
export function measureOnce(
  command: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; timeoutSeconds?: number },
): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-measure-'));
  const report = join(folder, 'time');
  const timed = existsSync(gnuTime) ? [gnuTime, '-f', '%M %U %S', '-o', report, ...command] : command;
  const [program = '', ...args] = timed;
  const start = performance.now();
  const child = spawnSync(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: options.timeoutSeconds === undefined ? undefined : options.timeoutSeconds * 1000,
  });
  const seconds = (performance.now() - start) / 1000;
  const line = existsSync(report) ? readFileSync(report, 'utf8').trim().split('\n').at(-1)! : undefined;
  const [kibibytes, user, system] = line === undefined ? [] : line.split(' ').map(Number);
  rmSync(folder, { recursive: true });
  if (child.status !== 0) {
    throw new Error(`${command.join(' ')} ended with ${child.status ?? child.signal}\n${child.stdout}${child.stderr}`);
  }
  return {
    seconds,
    peakBytes: kibibytes === undefined ? undefined : kibibytes * 1024,
    cpuSeconds: kibibytes === undefined ? undefined : user! + system!,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of several runs. */
export function measure(runs: number, once: () => Measured): Measured {
  return summary(Array.from({ length: runs }, once));
}

/** Median seconds, wall and CPU, and largest peak. */
export function summary(all: readonly Measured[]): Measured {
  const peaks = all.flatMap((one) => (one.peakBytes === undefined ? [] : [one.peakBytes]));
  const cpu = all.flatMap((one) => (one.cpuSeconds === undefined ? [] : [one.cpuSeconds]));
  return {
    seconds: median(all.map((one) => one.seconds)),
    peakBytes: peaks.length > 0 ? Math.max(...peaks) : undefined,
    cpuSeconds: cpu.length > 0 ? median(cpu) : undefined,
  };
}

/** `program --version` works. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** One line of a result table. `ratio` is ours by theirs, below one where we are faster. */
export function printRow(
  what: string,
  ours: Measured,
  peer?: { name: string; measured: Measured },
  goal?: string,
): void {
  const mebibytes = ours.peakBytes === undefined ? '' : `${Math.round(ours.peakBytes / 2 ** 20)} MiB`;
  const beside = peer
    ? `${peer.name} ${peer.measured.seconds.toFixed(3)} s, ratio ${(ours.seconds / peer.measured.seconds).toFixed(2)}`
    : '';
  console.log(
    [what.padEnd(44), `${ours.seconds.toFixed(3)} s`.padStart(10), mebibytes.padStart(9), beside.padEnd(36), goal ?? '']
      .join('  ')
      .trimEnd(),
  );
}
