/** Model Garden's trainer as a process of this machine, in the stage's scratch folder: killed, it goes on from its last checkpoint. */
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { execa } from 'execa';
import { listedCheckpoints, writeCheckpointList } from '../bert/training/checkpoint.ts';
import { recordFiles } from '../pretraining/records/record-files.ts';
import { createFollower, type Reports, trainingLog, writeLog } from './follow-training.ts';
import { ModelGardenError } from './model-garden-error.ts';
import {
  checkpointFiles,
  type Distribution,
  readableRecords,
  type Training,
  trainerFlags,
  writeConfigs,
} from './trainer-files.ts';

export interface LocalTraining extends Training, Reports {
  readonly python: string;
  readonly distribution: Distribution;
  readonly records: readonly string[];
  readonly validation: readonly string[];
  readonly initCheckpoint: string | undefined;
  /** A model directory or prefix to go on from. */
  readonly resume: string | undefined;
  readonly totalSteps: number;
  /** Keeps unfinished work; `model_dir` in it is the result. */
  readonly work: string;
  readonly signal: AbortSignal;
  log(line: string): void;
}

const followEveryMs = 2000;

/** Trains to the end. Rejects with `ModelGardenError`, or with what the signal was aborted with. */
export async function trainLocally(training: LocalTraining): Promise<void> {
  const { python, work, signal, log, totalSteps } = training;
  const modelDirectory = join(work, 'model_dir');
  await mkdir(modelDirectory, { recursive: true });
  await restore(training.resume, modelDirectory);
  const [latest] = listedCheckpoints(modelDirectory).slice(-1);
  if (latest !== undefined) log(`goes on from ${latest}`);
  const paths = await pathsIn(work, training);
  await writeConfigs(work, training, paths);
  const follow = createFollower(modelDirectory, totalSteps, training);
  const args = ['-u', '-m', 'official.nlp.train', ...trainerFlags('', paths, training.distribution)];
  const trainer = execa(python, args, {
    cwd: work,
    reject: false,
    all: true,
    buffer: false,
    cancelSignal: signal,
    forceKillAfterDelay: 10_000,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  // A look that fails, as on NFS at times, is no reason to end a training; the last one, below, says so.
  const following = setInterval(() => void follow().catch(() => {}), followEveryMs);
  const last: string[] = [];
  try {
    for await (const line of trainer.iterable({ from: 'all' })) {
      log(line);
      last.push(line);
      if (last.length > 40) last.shift();
    }
    const { failed, exitCode, signal: killedBy } = await trainer;
    if (signal.aborted) throw new ModelGardenError(`${stoppedAt(modelDirectory)}: run again to go on from there`);
    if (failed) throw new ModelGardenError(failure(last, exitCode, killedBy));
  } finally {
    clearInterval(following);
  }
  await follow();
  await finishModelDirectory(modelDirectory, join(work, 'log.jsonl'));
}

/** Leaves the list of checkpoints without the times that TensorFlow writes there, and the training's log. */
export async function finishModelDirectory(modelDirectory: string, log: string): Promise<void> {
  const checkpoints = listedCheckpoints(modelDirectory);
  if (checkpoints.length === 0) {
    throw new ModelGardenError("Model Garden's trainer ended well, but left no checkpoint: its log tells what it did");
  }
  writeCheckpointList(modelDirectory, checkpoints);
  await writeLog(log, await trainingLog(modelDirectory));
}

function stoppedAt(modelDirectory: string): string {
  const [latest] = listedCheckpoints(modelDirectory).slice(-1);
  return latest === undefined ? 'stopped before the first checkpoint' : `stopped; the last checkpoint is ${latest}`;
}

/** Why the trainer failed, in its own words, and what is likely to mend it. */
export function failure(lines: readonly string[], exitCode: number | undefined, killedBy?: string): string {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  const ended = killedBy ?? `exit code ${exitCode}`;
  const remedy = remedies.find(([pattern]) => pattern.test(`${killedBy} ${said.join('\n')}`))?.[1];
  return [
    `Model Garden's trainer failed (${ended}): ${lastError(said).replace(/\.$/, '')}`,
    ...(remedy === undefined ? [] : [remedy]),
    'Its log has the rest; run again to go on from its last checkpoint',
  ].join('. ');
}

/** A traceback of Python ends with its error, which goes on in the next line after a colon at the end. */
function lastError(said: readonly string[]): string {
  const at = said.findLastIndex((line) => /^[\w.]*(Error|Exception|Interrupt)\b.*:/.test(line));
  if (at < 0) return said.at(-1) ?? 'it said nothing';
  const goesOn = said[at]!.endsWith(':');
  return said.slice(at, at + (goesOn ? 2 : 1)).join(' ');
}

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /Feature: \w+ .*is required but could not be found/,
    'The records have the other set of names: turn use_v2_feature_names in the data configuration',
  ],
  [
    /SIGKILL|OOM|RESOURCE_EXHAUSTED|ResourceExhausted/,
    'It may have run out of memory: a smaller batch_size needs less',
  ],
];

/** Another training's checkpoint, as the first of this one; not if this one has its own already. */
export async function restore(resume: string | undefined, modelDirectory: string): Promise<void> {
  if (resume === undefined || listedCheckpoints(modelDirectory).length > 0) return;
  const { prefix, files } = await checkpointFiles(resume);
  for (const file of files) await cp(file, join(modelDirectory, basename(file)));
  writeCheckpointList(modelDirectory, [basename(prefix)]);
}

async function pathsIn(work: string, training: LocalTraining) {
  const readable = async (folder: string, given: readonly string[]) => {
    const files = given.length > 0 ? await recordFiles(given) : [];
    return { files, readable: await readableRecords(join(work, folder), files, training.signal) };
  };
  const records = await readable('records', training.records);
  const validated = training.validation.length > 0 ? await recordFiles(training.validation) : [];
  // As in the original, where the same records validate: unpacked once.
  const same = validated.join('\0') === records.files.join('\0');
  const validation = same ? records : await readable('validation', validated);
  const here = (path: string) => relative(work, path);
  return {
    modelDirectory: 'model_dir',
    records: records.readable.map(here),
    validation: validated.length > 0 ? validation.readable.map(here) : [],
    initCheckpoint: await linkedCheckpoint(work, training.initCheckpoint),
  };
}

/** A link to the checkpoint under a name that needs no quoting. */
async function linkedCheckpoint(work: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const { prefix, files } = await checkpointFiles(path);
  const folder = join(work, 'init');
  await mkdir(folder, { recursive: true });
  const present = await readdir(folder);
  for (const file of files) {
    const name = basename(file).replace(basename(prefix), 'ckpt');
    if (!present.includes(name)) await symlink(file, join(folder, name));
  }
  return 'init/ckpt';
}
