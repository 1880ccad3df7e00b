/** A workspace with one training on a TPU VM: our stand-in for gcloud, a folder in place of the bucket. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tinyConfigFile, writeRandomRecords } from '../bert/tiny-training.ts';
import { Workspace } from '../e2e/rig.ts';
import { writeFakePython } from '../model-garden/fake-python.ts';

export const steps = 24;

/** `more`: parameters besides those that say where. Behind the VM is the recorded trainer. */
export function tpuWorkspace(more: Readonly<Record<string, unknown>> = {}) {
  const workspace = new Workspace({
    'config.yaml': { ...tinyConfigFile, trainer: { ...tinyConfigFile.trainer, validation_interval: 12 } },
    'bucket/.keep': '',
    'cloud/.keep': '',
  });
  const cloud = workspace.path('cloud');
  writeFakePython(join(cloud, 'python'), 'python3');
  const gcloud = join(workspace.folder, 'bin/gcloud');
  const script = join(import.meta.dirname, 'fake-gcloud.js');
  writeFileSync(gcloud, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${cloud}' "$@"\n`);
  chmodSync(gcloud, 0o755);
  const where = {
    runtime: 'tpu-vm',
    zone: ['europe-west4-a', 'us-central1-a'],
    bucket: `file://${workspace.path('bucket')}`,
  };
  const train = {
    uses: 'pretrain-model-garden',
    inputs: {
      records: ['train.tfrecord.gz'],
      validation: ['train.tfrecord.gz'],
      data: 'config.yaml',
      model: 'config.yaml',
    },
    with: { ...where, steps, models: cloud, poll: 0.05, ...more },
  };
  workspace.write('workflow.yaml', { name: 'tpu', stages: { train } });
  writeRandomRecords(workspace.path('plain'), 10, 1);
  writeFileSync(workspace.path('train.tfrecord.gz'), gzipSync(readFileSync(workspace.path('plain'))));
  return Object.assign(workspace, {
    faults: (...words: readonly string[]) => workspace.write('cloud/faults', words.join('\n')),
    trainerFault: (text: string) => workspace.write('cloud/python/fault', text),
    verbs: () =>
      workspace
        .read('cloud/calls.jsonl')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as string[]),
    leftBehind: () => readdirSync(workspace.path('cloud/nodes')),
  });
}

export type TpuWorkspace = ReturnType<typeof tpuWorkspace>;
