/**
 * Model Garden's trainer on a Cloud TPU VM, as the original ran it by hand: data and model directory in a bucket, the trainer detached. A VM that is
 * preempted or taken for maintenance is deleted and another made; the trainer goes on from its last checkpoint in the bucket.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointList } from '../bert/training/checkpoint.ts';
import { createFollower } from '../model-garden/follow-training.ts';
import { ModelGardenError } from '../model-garden/model-garden-error.ts';
import { failure, finishModelDirectory, type LocalTraining } from '../model-garden/train-locally.ts';
import { configFiles, trainerFlags, writeConfigs } from '../model-garden/trainer-files.ts';
import type { Bucket } from '../objects/bucket.ts';
import { recordFiles } from '../pretraining/records/record-files.ts';
import { CloudTpuError, passing, patience } from './gcloud.ts';
import { type LeaseOptions, type NodeLease, openLease } from './node-lease.ts';
import { askTrainer, type RemoteTrainer, startTrainer } from './remote-trainer.ts';
import { createNode, type NodeOptions, namePrefix, stateIfReached } from './tpu-node.ts';
import { modelDirectoryFetcher, uploadCheckpoint, uploadRecords } from './training-objects.ts';

export interface TpuTraining extends Omit<LocalTraining, 'python' | 'distribution'>, NodeOptions, LeaseOptions {
  readonly bucket: Bucket;
  /** In order of preference. */
  readonly zones: readonly string[];
  /** Folder on the VM with Model Garden's `official`. */
  readonly models: string;
  warn(message: string): void;
}

/** Trains to the end; `model_dir` in the work folder is the result. */
export async function trainOnTpu(training: TpuTraining): Promise<void> {
  const { work, bucket, project, zones, models, signal, log, warn } = training;
  const lease = await openLease(work, training);
  const folder = `trainings/${lease.id}`;
  const modelDirectory = join(work, 'model_dir');
  const fetch = modelDirectoryFetcher(bucket, `${folder}/model_dir`, modelDirectory, training);
  const follow = createFollower(modelDirectory, training.totalSteps, training);
  const look = async () => {
    await fetch(false);
    await follow();
  };
  try {
    const flags = await prepare(training, folder);
    log(`the training lies in ${bucket.url}/${folder}`);
    await takeUp(lease, training);
    for (;;) {
      const { id } = lease;
      const node = lease.node ?? (await createNode(`${namePrefix}${id}`, zones, training, lease.asked));
      lease.ready();
      if ((await watch({ node, project, id, models, flags, signal }, training, look, lease.training)) === 'done') break;
      log(
        `${node.name} was preempted or taken for maintenance: making another; the training goes on from its last checkpoint`,
      );
      await lease.end();
    }
  } catch (error) {
    // Why the training ended is what is told, whatever becomes of the VM.
    await lease.release().catch((problem: Error) => warn(problem.message));
    throw error;
  }
  await lease.end();
  await fetch(true);
  await follow();
  await finishModelDirectory(modelDirectory, join(work, 'log.jsonl'));
}

/** The VM of an earlier process trains on; one that is lost is deleted. */
async function takeUp(lease: NodeLease, { project, signal, log }: TpuTraining): Promise<void> {
  const { node } = lease;
  if (node === undefined) return;
  const { state } = await stateIfReached(node, project, signal);
  if (state === 'ready' || state === 'unknown') log(`goes on with ${node.name} in ${node.zone}`);
  else await lease.end();
}

/** Until the trainer has ended well, or the VM is lost. Rejects where the trainer fails. */
async function watch(
  trainer: RemoteTrainer,
  training: TpuTraining,
  look: () => Promise<void>,
  trains: () => Promise<void>,
): Promise<'done' | 'lost'> {
  const { project, pollMs, signal, log } = training;
  const lines: string[] = [];
  let offset = 0;
  let failures = 0;
  let isStarted = false;
  for (;;) {
    signal.throwIfAborted();
    if (!isStarted) {
      isStarted = await startTrainer(trainer);
      if (isStarted) await trains();
    }
    const { state, log: text } = await askTrainer(trainer, offset);
    // Only whole lines: the rest comes with the next look.
    const whole = state.kind === 'ended' ? text : text.slice(0, text.lastIndexOf('\n') + 1);
    offset += Buffer.byteLength(whole);
    for (const line of whole.split('\n').filter((line) => line !== '')) {
      log(line);
      lines.push(line);
      if (lines.length > 40) lines.shift();
    }
    const unseen = await look().then(() => undefined, passing);
    if (state.kind === 'ended' && unseen === undefined) {
      if (state.exitCode === 0) return 'done';
      throw new ModelGardenError(failure(lines, state.exitCode));
    }
    if (state.kind === 'running' && unseen === undefined) failures = 0;
    else {
      const node = await stateIfReached(trainer.node, project, signal);
      if (node.state !== 'ready' && node.state !== 'unknown') return 'lost';
      if (++failures > patience) {
        const why = unseen || node.why || (state.kind === 'unreachable' ? state.why : 'the trainer does not stay');
        throw new CloudTpuError('failed', `${trainer.node.name}: ${patience} failures in a row: ${why}`);
      }
      // The VM was restarted under it, or the connection broke while it was begun.
      if (state.kind === 'gone' || state.kind === 'absent') isStarted = false;
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
