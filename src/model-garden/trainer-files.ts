/** What Model Garden's trainer is given: configurations, flags, and files that it can read. */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse, stringify } from 'yaml';
import { mergeDeep, overrideOf } from '../bert/config/merge.ts';
import { checkpointPrefix } from '../bert/training/checkpoint.ts';
import { contentOf, isCompressed } from '../tensorflow/tfrecord.ts';

/** The training as the stage asks for it. */
export interface Training {
  /** Paths of the two configurations. */
  readonly configs: readonly string[];
  readonly paramsOverride: string;
  readonly steps: number | undefined;
  readonly batchSize: number | undefined;
}

/** Where the trainer finds things, as it sees them: paths from where it runs, or `gs://` URLs. */
export interface TrainerPaths {
  readonly modelDirectory: string;
  readonly records: readonly string[];
  readonly validation: readonly string[];
  /** A prefix. */
  readonly initCheckpoint: string | undefined;
}

export interface Distribution {
  readonly strategy: 'one_device' | 'mirrored' | 'tpu';
  readonly gpus: number;
}

/** What the trainer reads its configuration from, in order: later files replace what earlier ones say. */
export const configFiles = ['data.yaml', 'model.yaml', 'run.yaml'] as const;

/** Writes the configuration files. `params_override` becomes part of the last one: what the stage's inputs say comes after it, and holds. */
export async function writeConfigs(folder: string, training: Training, paths: TrainerPaths): Promise<void> {
  const given = await Promise.all(training.configs.map(async (path) => parse(await readFile(path, 'utf8')) as unknown));
  const run = mergeDeep(overrideOf(training.paramsOverride), {
    task: {
      init_checkpoint: paths.initCheckpoint ?? '',
      train_data: {
        input_path: paths.records.join(','),
        ...(training.batchSize !== undefined && { global_batch_size: training.batchSize }),
      },
      validation_data: {
        input_path: paths.validation.join(','),
        ...(training.batchSize !== undefined && { global_batch_size: training.batchSize }),
      },
    },
    ...(training.steps !== undefined && { trainer: { train_steps: training.steps } }),
  });
  await mkdir(folder, { recursive: true });
  const contents = [...given, run];
  for (const [i, name] of configFiles.entries()) await writeFile(join(folder, name), stringify(contents[i]));
}

/** The flags of `official/nlp/train.py`, as the original gives them. */
export function trainerFlags(configFolder: string, paths: TrainerPaths, { strategy, gpus }: Distribution): string[] {
  const runtime = [`runtime.distribution_strategy=${strategy}`, ...(gpus > 0 ? [`runtime.num_gpus=${gpus}`] : [])];
  return [
    ...(strategy === 'tpu' ? ['--tpu=local'] : []),
    '--experiment=bert/pretraining',
    `--mode=${paths.validation.length > 0 ? 'train_and_eval' : 'train'}`,
    `--model_dir=${paths.modelDirectory}`,
    ...configFiles.map((name) => `--config_file=${configFolder === '' ? name : `${configFolder}/${name}`}`),
    `--params_override=${runtime.join(',')}`,
  ];
}

/** Files below `folder` that the trainer can read: links to those that are plain, and the others unpacked, each once. */
export async function readableRecords(
  folder: string,
  files: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const readable: string[] = [];
  for (const [i, file] of files.entries()) {
    const path = join(folder, `${String(i).padStart(5, '0')}.tfrecord`);
    if (!existsSync(path)) await makeReadable(file, path, signal);
    readable.push(path);
  }
  return readable;
}

async function makeReadable(file: string, path: string, signal: AbortSignal): Promise<void> {
  if (!(await isCompressed(file))) {
    await rm(path, { force: true });
    await symlink(file, path);
    return;
  }
  const partial = `${path}.part`;
  try {
    await pipeline(Readable.from(contentOf(file)), createWriteStream(partial), { signal });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** The files of one checkpoint: what a model directory names as its latest, or a prefix. */
export async function checkpointFiles(path: string): Promise<{ readonly prefix: string; readonly files: string[] }> {
  const prefix = checkpointPrefix(path);
  const names = (await readdir(dirname(prefix))).filter((name) => {
    return name === `${basename(prefix)}.index` || name.startsWith(`${basename(prefix)}.data-`);
  });
  return { prefix, files: names.map((name) => join(dirname(prefix), name)) };
}
