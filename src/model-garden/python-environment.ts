/** The Python that Model Garden's trainer runs on: one that is given, or an environment of our own in the user's cache. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { sharedCache } from '../devices/addon-folder.ts';
import { ModelGardenError } from './model-garden-error.ts';
import { modelGardenVersion, type Processor, pythonVersion, requirements } from './requirements.ts';

export interface PythonOptions {
  /** A program with tf-models-official; else an environment is made, once. */
  readonly python: string | undefined;
  readonly processor: Processor;
  readonly signal: AbortSignal;
  log(message: string): void;
  warn(message: string): void;
}

/** The program that runs Model Garden. Nothing is installed into the user's own Python. Throws `ModelGardenError`. */
export async function modelGardenPython(options: PythonOptions): Promise<string> {
  const { python, processor, warn } = options;
  if (python !== undefined) {
    const version = await versionOf(python);
    if (version !== modelGardenVersion) {
      warn(`${python} has tf-models-official ${version}; v3 was trained with ${modelGardenVersion}, others may differ`);
    }
    return python;
  }
  const folder = join(sharedCache(), `model-garden-${modelGardenVersion}-${processor}`);
  const program = join(folder, 'bin/python');
  if (!existsSync(program)) await makeEnvironment(folder, options);
  return program;
}

/** Throws `ModelGardenError` where it has none. */
async function versionOf(python: string): Promise<string> {
  const asked = "import importlib.metadata as m; print(m.version('tf-models-official'))";
  const { failed, code, stdout, stderr } = await execa(python, ['-c', asked], { reject: false });
  if (code === 'ENOENT') throw new ModelGardenError(`python: there is no program ${python}`);
  if (failed) {
    const why = stderr.trim().split('\n').at(-1);
    throw new ModelGardenError(
      `python: ${python} has no tf-models-official (${why}): install ${modelGardenVersion} there, or leave the parameter out`,
    );
  }
  return stdout.trim();
}

/** Made beside its place and renamed there, so that what is there is whole; of two that make it at once, the first stays. */
async function makeEnvironment(folder: string, { processor, signal, log }: PythonOptions): Promise<void> {
  const python = await findPython();
  const building = `${folder}.building-${process.pid}`;
  const list = join(building, 'requirements.txt');
  try {
    log(`making a Python environment for Model Garden ${modelGardenVersion} in ${folder}, once: some 700 MB to fetch`);
    await mkdir(building, { recursive: true });
    await finished(python, ['-m', 'venv', building], { signal, log });
    await writeFile(list, `${requirements(processor).join('\n')}\n`);
    const install = ['-m', 'pip', 'install', '--no-deps', '--no-input', '--disable-pip-version-check'];
    await finished(join(building, 'bin/python'), [...install, '--requirement', list], { signal, log });
    await rename(building, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

/** Runs a program that makes a part of the environment; what it says goes to the log, and the message names its last error. */
async function finished(
  program: string,
  args: readonly string[],
  { signal, log }: Pick<PythonOptions, 'signal' | 'log'>,
): Promise<void> {
  const running = execa(program, args, { reject: false, all: true, cancelSignal: signal });
  for await (const line of running.iterable({ from: 'all' })) log(line);
  const { failed, isCanceled, all } = await running;
  if (isCanceled) signal.throwIfAborted();
  if (!failed) return;
  const said = all.split('\n').filter((line) => line.trim() !== '');
  const why = said.findLast((line) => /^\s*error\b/i.test(line)) ?? said.at(-1) ?? 'it said nothing';
  throw new ModelGardenError(
    `cannot make a Python environment for Model Garden: ${why.trim()}. Its log has the rest: mend that and run again, ` +
      "or name a Python that has tf-models-official by the parameter 'python'",
  );
}

/** The first Python of the wanted release that runs. */
async function findPython(): Promise<string> {
  for (const program of [`python${pythonVersion}`, 'python3', 'python']) {
    const { failed, stdout } = await execa(program, ['-c', "import sys, venv; print('%d.%d' % sys.version_info[:2])"], {
      reject: false,
    });
    if (!failed && stdout.trim() === pythonVersion) return program;
  }
  throw new ModelGardenError(
    `Model Garden ${modelGardenVersion} needs Python ${pythonVersion} with venv, and there is none in PATH: install it ` +
      `(uv python install ${pythonVersion}, pyenv install ${pythonVersion}, or conda create -n garden python=${pythonVersion}), ` +
      "or name a Python that has tf-models-official by the parameter 'python'",
  );
}
