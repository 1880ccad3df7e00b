import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Flags = Readonly<Record<string, string | number | boolean>>;

/** The original create_pretraining_data.py in one Python process, since starting it takes longer than a small job. */
export interface OriginalScript extends Disposable {
  /** Runs the script's main. Rejects with what it raised. */
  run(flags: Flags): Promise<void>;
  /** What TensorFlow and Python's gzip find in a gzip file of records. */
  read(path: string): Promise<{ readonly records: number; readonly sha256: string }>;
}

type Answer = { readonly error?: string; readonly records: number; readonly sha256: string };

/** `KUMIKI_ORIGINAL` is the checkout, `KUMIKI_ORIGINAL_PYTHON` an interpreter with its packages. */
export function startOriginalScript(): OriginalScript {
  const { KUMIKI_ORIGINAL: checkout, KUMIKI_ORIGINAL_PYTHON: python } = process.env;
  if (checkout === undefined || python === undefined) throw new Error('set KUMIKI_ORIGINAL and KUMIKI_ORIGINAL_PYTHON');
  const program = join(import.meta.dirname, '../../../test/fidelity/original-pretraining-data.py');
  const child = spawn(python, [program, checkout], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C.UTF-8', TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();

  async function ask(job: object): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(job)}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`${python} ended: does it have the packages of the original script?`);
    const answer = JSON.parse(value) as Answer;
    if (answer.error !== undefined) throw new Error(`the original script: ${answer.error}`);
    return answer;
  }

  return {
    run: async (flags) => {
      await ask({ flags });
    },
    read: (path) => ask({ read: path }),
    [Symbol.dispose]: () => child.stdin.end(),
  };
}
