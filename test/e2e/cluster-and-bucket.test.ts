/**
 * What workflows/small-cluster.yaml says, on the demo's texts: data made by jobs of Slurm, models trained by Model Garden, results in a bucket
 * that misbehaves. Then another machine with nothing but the bucket. Slurm and the trainer are stand-ins.
 */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compiledFolder } from '../../src/compiled-folder.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { writeFakePython } from '../model-garden/fake-python.ts';
import { startGcs } from '../objects/gcs-server.ts';
import { Workspace } from './rig.ts';

const checkout = dirname(compiledFolder);
const shipped = parse(readFileSync(join(checkout, 'workflows/small-cluster.yaml'), 'utf8')) as {
  readonly stages: Readonly<Record<string, { readonly executor?: string }>>;
};
const workflow = 'workflows/cluster.yaml';

function machine(): Workspace {
  const workspace = new Workspace({ 'kumiki.yaml': 'remote: gs://lab/kumiki\n' });
  for (const folder of ['workflows', 'configs']) {
    cpSync(join(checkout, folder), workspace.path(folder), { recursive: true });
  }
  const schedule = 'trainer.steps_per_loop=2,trainer.summary_interval=2,trainer.checkpoint_interval=4';
  const params = { cc_100_shards: 2, wikipedia_shards: 1, steps: { cc_100: 4, wikipedia: 4 }, python: null, schedule };
  workspace.write(workflow, { extends: 'demo.yaml', params, stages: shipped.stages });
  return workspace;
}

/** The programs of a cluster, on a path of their own. */
function cluster(workspace: Workspace): string {
  const bin = workspace.path('cluster');
  mkdirSync(join(bin, 'jobs'), { recursive: true });
  for (const program of ['sbatch', 'squeue', 'scontrol', 'sacct', 'scancel']) {
    copyFileSync(join(checkout, 'test/slurm/fake-slurm.sh'), join(bin, program));
    chmodSync(join(bin, program), 0o755);
  }
  return `${bin}:${process.env.PATH}`;
}

async function converted(workspace: Workspace, env: Readonly<Record<string, string>>, ...set: readonly string[]) {
  const words = ['run', workflow, 'convert', '--json', ...set.flatMap((value) => ['--set', value])];
  const { exit, stdout, stderr } = await workspace.kumiki(words, { env });
  assert.equal(exit, 0, stderr + stdout.slice(-3000));
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}

test('data on Slurm, training by Model Garden, results in a bucket; elsewhere nothing runs', async (t) => {
  const gcs = await startGcs(t);
  gcs.fail('upload', /objects/, { kind: 'status', status: 503, retryAfter: '0' }, { kind: 'lose-reply' });
  await using first = machine();
  const python = writeFakePython(first.path('fake'));
  const env = { GCS_API_ENDPOINT: gcs.endpoint };
  const made = await converted(first, { ...env, PATH: cluster(first) }, `params.python=${python}`);
  const byExecutor = (executor: string) =>
    new Set(
      made.flatMap((event) =>
        event.type === 'attempt-started' && event.executor === executor ? [event.instance.replace(/\[.*/, '')] : [],
      ),
    );
  const inJobs = Object.entries(shipped.stages).flatMap(([name, stage]) => (stage.executor === 'slurm' ? [name] : []));
  assert.deepEqual([...byExecutor('slurm')].sort(), inJobs.sort());
  assert.ok(byExecutor('local').has('wikipedia-training'));
  const calls = first.read('fake/calls.jsonl').match(/official\.nlp\.train/g);
  assert.equal(calls?.length, 4, 'two trainings of two models');
  assert.ok(made.some((event) => event.type === 'results-moved' && event.direction === 'pushed'));

  gcs.fail('get', /objects/, { kind: 'cut', after: 1000 }, { kind: 'status', status: 503, retryAfter: '0' });
  await using second = machine();
  const again = await converted(second, env);
  assert.deepEqual(
    again.filter(({ type }) => type === 'attempt-started' || type === 'warning'),
    [],
  );
  const modelOf = async (workspace: Workspace) => {
    const id = 'convert[size=base,subword=wordpiece].model';
    const folder = (await workspace.kumiki(['output', id, '--workflow', workflow])).stdout.trim();
    return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
  };
  assert.deepEqual(await modelOf(second), await modelOf(first));
});
