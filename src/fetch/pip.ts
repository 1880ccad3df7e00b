import { execa } from 'execa';
import { FetchError } from './fetch-error.ts';

export interface PipDownload {
  readonly requirement: string;
  /** Where the archive goes; an archive that is there and whole is not fetched again. */
  readonly directory: string;
  /** Further options, such as the platform of the wheel. */
  readonly options?: readonly string[];
  /** What to do where there is no pip. */
  readonly withoutPip: string;
  /** Lets pip show how far it is, on stdout. */
  readonly visible?: boolean;
  readonly signal: AbortSignal;
}

/** Has the user's own pip fetch one package's archive, without what it depends on; nothing is installed. Throws `FetchError`. */
export async function downloadWithPip(download: PipDownload): Promise<void> {
  const { requirement, directory, options = [], withoutPip, visible = false, signal } = download;
  const [program, ...args] = await findPip(withoutPip);
  const fixed = ['download', '--no-deps', '--no-input', '--disable-pip-version-check', '--dest', directory];
  const { failed, all, stderr, isCanceled } = await execa(program, [...args, ...fixed, ...options, requirement], {
    cwd: directory,
    reject: false,
    all: true,
    stdout: visible ? 'inherit' : 'pipe',
    cancelSignal: signal,
  });
  if (isCanceled) signal.throwIfAborted();
  if (failed) throw new FetchError(`pip cannot download ${requirement}: ${lastLines(visible ? stderr : all)}`);
}

/** The command for pip; the first that runs. */
async function findPip(withoutPip: string): Promise<[string, ...string[]]> {
  const candidates: [string, ...string[]][] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];
  for (const [program, ...args] of candidates) {
    const { failed } = await execa(program, [...args, '--version'], { reject: false });
    if (!failed) return [program, ...args];
  }
  throw new FetchError(
    `pip is not installed. Install Python 3 with pip (on Debian: apt install python3-pip)${withoutPip}.`,
  );
}

function lastLines(output: string | undefined): string {
  const lines = (output ?? '').trim().split('\n');
  return lines.slice(-3).join('\n');
}
