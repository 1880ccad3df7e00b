/**
 * Model Garden's trainer on a Cloud TPU VM, as the original ran it by hand: data and model directory in a bucket, the trainer detached. A VM that is
 * preempted or taken for maintenance is deleted and another made; the trainer goes on from its last checkpoint in the bucket.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointList } from '../bert/training/checkpoint.ts';
import { createFollower } from '../model-garden/follow-training.ts';
import { ModelGardenError } from '../model-garden/model-garden-error.ts';
import { failure, finishModelDirectory, type LocalTraining } from '../model-garden/train-locally.ts';
import { configFiles, trainerFlags, writeConfigs } from '../model-garden/trainer-files.ts';
import type { Bucket } from '../objects/bucket.ts';
import { recordFiles } from '../pretraining/records/record-files.ts';
import { CloudTpuError } from './gcloud.ts';
import { askTrainer, type RemoteTrainer, startTrainer } from './remote-trainer.ts';
import { createNode, deleteNode, type NodeOptions, namePrefix, stateOf, type TpuNode } from './tpu-node.ts';
import { modelDirectoryFetcher, uploadCheckpoint, uploadRecords } from './training-objects.ts';

export interface TpuTraining extends Omit<LocalTraining, 'python' | 'distribution'>, NodeOptions {
  readonly bucket: Bucket;
  /** In order of preference. */
  readonly zones: readonly string[];
  /** Folder on the VM with Model Garden's `official`. */
  readonly models: string;
  /** Leaves the VM where it is when the stage is asked to stop: the trainer goes on, and the next run finds it. */
  readonly keep: boolean;
}

/** What outlives this process: which training this is, and the VM that it has. */
interface Memory {
  readonly id: string;
  readonly node?: TpuNode;
}

/** Failures in a row, of connections or of a trainer that vanishes, after which it is no passing one. */
const patience = 10;

/** Trains to the end; `model_dir` in the work folder is the result. */
export async function trainOnTpu(training: TpuTraining): Promise<void> {
  const { work, bucket, project, queued, keep, zones, signal, log } = training;
  const memory = await remember(work);
  const folder = `trainings/${memory.id}`;
  const flags = await prepare(training, folder);
  log(`the training lies in ${bucket.url}/${folder}`);
  const modelDirectory = join(work, 'model_dir');
  const fetch = modelDirectoryFetcher(bucket, `${folder}/model_dir`, modelDirectory, signal);
  const follow = createFollower(modelDirectory, training.totalSteps, training);
  const look = async () => {
    await fetch(false);
    await follow();
  };
  let node = memory.node;
  const note = async (its: TpuNode | undefined) => {
    node = its;
    await writeMemory(work, { id: memory.id, ...(its && { node: its }) });
  };
  let done = false;
  try {
    if (node !== undefined) {
      if ((await stateOf(node, project, signal)) === 'ready') log(`goes on with ${node.name} in ${node.zone}`);
      else {
        await deleteNode(node, project, queued);
        await note(undefined);
      }
    }
    while (!done) {
      node ??= await createNode(`${namePrefix}${memory.id}`, zones, training, note);
      const trainer = { node, project, id: memory.id, models: training.models, flags, signal };
      done = (await watch(trainer, training, look)) === 'done';
      if (done) break;
      log(
        `${node.name} was preempted or taken for maintenance: making another; the training goes on from its last checkpoint`,
      );
      await deleteNode(node, project, queued);
      await note(undefined);
    }
  } finally {
    if (node !== undefined && !(keep && signal.aborted)) {
      await deleteNode(node, project, queued);
      log(`deleted ${node.name}`);
      await note(undefined);
    }
  }
  await fetch(true);
  await follow();
  await finishModelDirectory(modelDirectory, join(work, 'log.jsonl'));
}

/** Until the trainer has ended well, or the VM is lost. Rejects where the trainer fails. */
async function watch(
  trainer: RemoteTrainer,
  training: TpuTraining,
  look: () => Promise<void>,
): Promise<'done' | 'lost'> {
  const { project, pollMs, signal, log } = training;
  const lines: string[] = [];
  let offset = 0;
  let failures = 0;
  let isStarted = false;
  for (;;) {
    signal.throwIfAborted();
    if (!isStarted) isStarted = await startTrainer(trainer);
    const { state, log: text } = await askTrainer(trainer, offset);
    // Only whole lines: the rest comes with the next look.
    const whole = state.kind === 'ended' ? text : text.slice(0, text.lastIndexOf('\n') + 1);
    offset += Buffer.byteLength(whole);
    for (const line of whole.split('\n').filter((line) => line !== '')) {
      log(line);
      lines.push(line);
      if (lines.length > 40) lines.shift();
    }
    await look();
    if (state.kind === 'ended') {
      if (state.exitCode === 0) return 'done';
      throw new ModelGardenError(failure(lines, state.exitCode));
    }
    if (state.kind === 'running') failures = 0;
    else {
      if ((await stateOf(trainer.node, project, signal)) !== 'ready') return 'lost';
      if (++failures > patience) {
        const why = state.kind === 'unreachable' ? state.why : 'the trainer does not stay';
        throw new CloudTpuError('failed', `${trainer.node.name}: ${patience} failures in a row: ${why}`);
      }
      // The VM was restarted under it, or the connection broke while it was begun.
      if (state.kind !== 'unreachable') isStarted = false;
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** Uploads what is not there yet; returns the trainer's flags. */
async function prepare(training: TpuTraining, folder: string): Promise<string[]> {
  const { bucket, work, signal, log } = training;
  const uploaded = async (given: readonly string[]) => {
    if (given.length === 0) return [];
    const names = await uploadRecords(bucket, await recordFiles(given), work, signal, log);
    return names.map((name) => `${bucket.url}/${name}`);
  };
  const records = await uploaded(training.records);
  const validation = await uploaded(training.validation);
  const { initCheckpoint, resume } = training;
  const init = initCheckpoint && (await uploadCheckpoint(bucket, initCheckpoint, `${folder}/init`, signal));
  if (resume !== undefined) {
    const name = await uploadCheckpoint(bucket, resume, `${folder}/model_dir`, signal);
    await bucket.create(`${folder}/model_dir/checkpoint`, { bytes: Buffer.from(checkpointList([name])) });
  }
  const url = `${bucket.url}/${folder}`;
  const paths = {
    modelDirectory: `${url}/model_dir`,
    records,
    validation,
    initCheckpoint: init && `${url}/init/${init}`,
  };
  await writeConfigs(join(work, 'configs'), training, paths);
  for (const name of configFiles) {
    await bucket.replace(`${folder}/${name}`, { bytes: await readFile(join(work, 'configs', name)) });
  }
  return trainerFlags(url, paths, { strategy: 'tpu', gpus: 0 });
}

const memoryFile = (work: string) => join(work, 'tpu.json');

async function remember(work: string): Promise<Memory> {
  const text = await readFile(memoryFile(work), 'utf8').catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as Memory;
  const memory = { id: randomBytes(5).toString('hex') };
  await writeMemory(work, memory);
  return memory;
}

async function writeMemory(work: string, memory: Memory): Promise<void> {
  await writeFile(memoryFile(work), JSON.stringify(memory));
}
