/** Slurm's own programs. Each call has a time limit: a controller may be away for a while. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const patienceMs = 60_000;

export interface CallOptions {
  /** Ends the program when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called with what it says while it runs. */
  heard?(said: string): void;
}

/** Standard output of a program; rejects with what it said. */
export async function slurm(
  program: string,
  words: readonly string[],
  { signal, heard }: CallOptions = {},
): Promise<string> {
  try {
    const options = { env: clientEnvironment(), timeout: patienceMs, maxBuffer: 2 ** 28, ...(signal && { signal }) };
    const call = promisify(execFile)(program, words, options);
    if (heard) call.child.stderr?.setEncoding('utf8').on('data', heard);
    return (await call).stdout;
  } catch (error) {
    const { code, stderr, killed } = error as NodeJS.ErrnoException & { stderr?: string; killed?: boolean };
    if (code === 'ENOENT') {
      throw new Error(
        `${program} is not there: run kumiki on a login node of the cluster, with Slurm's programs on PATH`,
      );
    }
    if (killed) throw new Error(`${program} did not answer within ${patienceMs / 1000} s`);
    throw new Error(`${program}: ${(stderr ?? '').trim() || (error as Error).message}`);
  }
}

/** Nothing of the engine's own environment reaches a job by way of sbatch, save how to find the cluster and the user's defaults. */
function clientEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SLURM_CONF'];
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => names.includes(name) || name.startsWith('SBATCH_')),
  );
}
