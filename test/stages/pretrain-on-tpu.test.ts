/** The stage on a TPU VM: our stand-in for gcloud with a recorded trainer behind it, a folder in place of the bucket. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { steps, type TpuWorkspace, tpuWorkspace } from '../cloud-tpu/tpu-workspace.ts';
import type { RunningCli } from '../e2e/rig.ts';
import { startGcs } from '../objects/gcs-server.ts';

async function trained(workspace: TpuWorkspace): Promise<string> {
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.equal(exit, 0, stdout + stderr);
  const checkpoint = (await workspace.kumiki(['output', 'train.checkpoint'])).stdout.trim();
  assert.equal(openCheckpoint(checkpoint).step, steps);
  assert.deepEqual(workspace.leftBehind(), [], 'the VM is deleted');
  return (await workspace.kumiki(['logs', 'train'])).stdout;
}

test('a VM is made, trains as the original did, and is deleted; records are uploaded once, by digest', async () => {
  await using workspace = tpuWorkspace({ spot: true, project: 'p' });
  await trained(workspace);
  const [create] = workspace.verbs().filter((words) => words[3] === 'create');
  assert.deepEqual(create!.toSpliced(4, 1), [
    ...['compute', 'tpus', 'tpu-vm', 'create', '--zone=europe-west4-a', '--accelerator-type=v3-8', '--spot'],
    ...['--version=tpu-vm-tf-2.11.0', '--project=p', '--quiet'],
  ]);
  const flags = JSON.parse(workspace.read('cloud/python/calls.jsonl')) as string[];
  const bucket = workspace.path('bucket');
  const training = join(bucket, 'trainings', readdirSync(join(bucket, 'trainings'))[0]!);
  assert.deepEqual(flags, [
    ...['official/nlp/train.py', '--tpu=local', '--experiment=bert/pretraining', '--mode=train_and_eval'],
    `--model_dir=${training}/model_dir`,
    ...['data', 'model', 'run'].map((name) => `--config_file=${training}/${name}.yaml`),
    '--params_override=runtime.distribution_strategy=tpu',
  ]);
  assert.equal(readdirSync(join(bucket, 'records')).length, 1);
  await workspace.kumiki(['run', '--force']);
  assert.equal((await workspace.kumiki(['logs', 'train'])).stdout.includes('uploaded'), false);
});

for (const [fault, words, said] of [
  ['slow to be made', ['slow'], /deleted kumiki-/],
  ['whose creation is not confirmed', ['lost-reply'], /deleted kumiki-/],
  ['whose connection drops', ['drop-ssh', 'drop-ssh', 'drop-start'], /deleted kumiki-/],
  ['beside a network that is away for a while', ['away', 'away', 'drop-ssh', 'away', 'drop-ssh'], /deleted kumiki-/],
  ['in a zone without capacity', ['no-capacity'], /europe-west4-a: there is no capacity now[\s\S]*in us-central1-a/],
  [
    'beyond the quota of a zone',
    ['quota'],
    /europe-west4-a: the quota of the project is used up[\s\S]*in us-central1-a/,
  ],
] as const) {
  test(`a VM ${fault} trains all the same, once`, async () => {
    await using workspace = tpuWorkspace();
    workspace.faults(...words);
    assert.match(await trained(workspace), said);
    assert.equal(workspace.read('cloud/python/calls.jsonl').trim().split('\n').length, 1, 'one trainer');
  });
}

test('records go to the bucket by the endpoint that kumiki.yaml names', async (t) => {
  const gcs = await startGcs(t);
  await using workspace = tpuWorkspace({ bucket: 'gs://lab/bert' });
  workspace.write('kumiki.yaml', `gcs: {endpoint: "${gcs.endpoint}"}\n`);
  workspace.faults('permission');
  assert.match((await workspace.kumiki(['run'])).stdout, /the account may not do this/);
  const [name] = gcs.objects.keys();
  assert.match(name!, /^lab\/bert\/records\/[0-9a-f]{64}\.tfrecord$/);
});

test('a queued resource is waited for, and deleted with its VM', async () => {
  await using workspace = tpuWorkspace({ queued: true });
  await trained(workspace);
  assert.deepEqual(
    readdirSync(workspace.path('cloud')).filter((name) => name.startsWith('queue')),
    [],
  );
});

for (const fault of ['preempt', 'maintenance', 'reboot']) {
  test(`after ${fault} the training goes on from its last checkpoint in the same model directory`, async () => {
    await using workspace = tpuWorkspace();
    workspace.faults(fault);
    workspace.trainerFault('hang 12');
    const log = await trained(workspace);
    const creates = workspace.verbs().filter((words) => words[3] === 'create').length;
    assert.equal(creates, fault === 'reboot' ? 1 : 2);
    if (fault !== 'reboot') assert.match(log, /was preempted or taken for maintenance: making another/);
    const lines = (await workspace.kumiki(['output', 'train.log'])).stdout.trim();
    const seen = readFileSync(lines, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    assert.deepEqual(
      seen.filter((line) => 'training_loss' in line).map(({ training_loss }) => training_loss),
      [3.75, 3.75, 3.75, 15.75, 15.75, 15.75],
      'the second trainer began at step 12',
    );
  });
}

test('a trainer that fails is told in words, and the VM is deleted', async () => {
  await using workspace = tpuWorkspace();
  workspace.trainerFault('crash 8');
  const { exit, stdout } = await workspace.kumiki(['run']);
  assert.equal(exit, 1);
  assert.match(stdout, /Model Garden's trainer failed \(exit code 1\): ValueError: a fault of the test/);
  assert.deepEqual(workspace.leftBehind(), []);
});

test('no zone with capacity, and no permission, are told with what to do, without secrets', async () => {
  await using full = tpuWorkspace();
  full.faults('no-capacity', 'no-capacity');
  assert.match(
    (await full.kumiki(['run'])).stdout,
    /no zone has a v3-8:[\s\S]*europe-west4-a:[\s\S]*us-central1-a: there is no capacity now/,
  );
  await using denied = tpuWorkspace();
  denied.faults('permission');
  const { stdout } = await denied.kumiki(['run']);
  assert.match(stdout, /it needs roles\/tpu\.admin and roles\/iam\.serviceAccountUser/);
  assert.doesNotMatch(stdout, /ya29\.secret/);
});

test('killed with kill -9, the next run finds the VM that still trains; asked to stop, it is deleted', async () => {
  await using workspace = tpuWorkspace();
  workspace.trainerFault('hang 12');
  const killed = workspace.start(['run', '--json']);
  const [, pid] = await killed.printed(/"attempt-started".*?"pid":(\d+)/);
  await killed.printed(/"done":12,/);
  process.kill(-Number(pid), 'SIGKILL');
  await killed.finished;
  const [left] = workspace.leftBehind();
  const [zone, name] = left!.split('.');
  assert.match((await workspace.kumiki(['tpu', 'ls'])).stdout, new RegExp(`^${name}  ${zone}  v3-8  READY`));
  const again = workspace.start(['run', '--json']);
  await again.printed(/"done":12,/);
  again.child.kill('SIGINT');
  await again.finished;
  assert.equal(workspace.verbs().filter((words) => words[3] === 'create').length, 1, 'no second VM');
  assert.deepEqual(workspace.leftBehind(), []);
});

/** The run's training is at the step where its trainer waits. */
async function atStep12(workspace: TpuWorkspace, ...words: readonly string[]): Promise<RunningCli> {
  workspace.trainerFault('wait 12');
  const run = workspace.start(['run', '--json', ...words]);
  await run.printed(/"done":12,/);
  return run;
}

const creations = (workspace: TpuWorkspace) => workspace.verbs().filter((words) => words[3] === 'create').length;

async function deleteLeft(workspace: TpuWorkspace): Promise<void> {
  const [zone, name] = workspace.leftBehind()[0]!.split('.');
  assert.equal((await workspace.kumiki(['tpu', 'delete', name!, '--zone', zone!])).exit, 0);
  assert.deepEqual(workspace.leftBehind(), []);
}

test('keep: asked to stop, the VM trains on, which is told; tpu ls lists it, and the next run goes on with it', async () => {
  await using workspace = tpuWorkspace({ keep: true });
  const run = await atStep12(workspace);
  run.child.kill('SIGINT');
  const { exit, stdout } = await run.finished;
  assert.equal(exit, 130);
  assert.match(
    stdout,
    /TPU VM kumiki-\w+ goes on, and the next run takes it up; it costs money until `kumiki tpu delete kumiki-\w+ --zone europe-west4-a`/,
  );
  const [zone, name] = workspace.leftBehind()[0]!.split('.');
  assert.match((await workspace.kumiki(['tpu', 'ls'])).stdout, new RegExp(`^${name}  ${zone}  v3-8  READY`));
  workspace.write('cloud/python/go', '');
  assert.match(await trained(workspace), new RegExp(`goes on with ${name} in ${zone}`));
  assert.equal(creations(workspace), 1);
  assert.equal(workspace.read('cloud/python/calls.jsonl').trim().split('\n').length, 1, 'one trainer');
});

test('keep: a kept VM that was deleted is made anew, and goes on from the last checkpoint', async () => {
  await using workspace = tpuWorkspace({ keep: true });
  const run = await atStep12(workspace);
  run.child.kill('SIGINT');
  await run.finished;
  await deleteLeft(workspace);
  await trained(workspace);
  assert.equal(creations(workspace), 2);
  const log = (await workspace.kumiki(['output', 'train.log'])).stdout.trim();
  assert.match(readFileSync(log, 'utf8'), /"step":16,"training_loss":15\.75/);
});

test('keep: a VM whose trainer failed, or that was still asked for, is not kept', async () => {
  await using failing = tpuWorkspace({ keep: true });
  failing.trainerFault('crash 8');
  assert.equal((await failing.kumiki(['run'])).exit, 1);
  assert.deepEqual(failing.leftBehind(), []);
  await using early = tpuWorkspace({ keep: true });
  early.faults('late');
  const run = early.start(['run', '--json']);
  await run.printed(/"holds"/);
  while (!readdirSync(early.path('cloud')).some((name) => name.startsWith('late.'))) await delay(20);
  run.child.kill('SIGINT');
  assert.equal((await run.finished).exit, 130);
  assert.deepEqual(early.leftBehind(), [], 'it came after it was first looked for');
});

test('a second Ctrl-C while the VM is being deleted ends at once, with the VM and how to delete it', async () => {
  await using workspace = tpuWorkspace({ project: 'p' });
  workspace.faults('stuck');
  const run = await atStep12(workspace);
  run.child.kill('SIGINT');
  await run.printed(/"holds"[^\n]*"remedy":"[^"]*"}}\n/);
  while (!workspace.verbs().some((words) => words[3] === 'delete')) await delay(20);
  run.child.kill('SIGINT');
  const { exit, stdout } = await run.finished;
  assert.equal(exit, 130);
  const [zone, name] = workspace.leftBehind()[0]!.split('.');
  assert.match(
    stdout,
    new RegExp(
      `"warning".*TPU VM ${name} may be left behind; it costs money until .kumiki tpu delete ${name} --zone ${zone} --project p.`,
    ),
  );
  await deleteLeft(workspace);
});

test('Ctrl-C leaves the VM training where it is told to, and watch comes back to it', async () => {
  await using workspace = tpuWorkspace();
  const run = await atStep12(workspace, '--on-interrupt', 'detach');
  run.child.kill('SIGINT');
  const { exit, stdout } = await run.finished;
  assert.equal(exit, 130);
  assert.match(stdout, /TPU VM kumiki-\w+ goes on, and the next run takes it up/);
  workspace.write('cloud/python/go', '');
  const watch = await workspace.kumiki(['watch']);
  assert.equal(watch.exit, 0, watch.stdout + watch.stderr);
  assert.match(watch.stderr, /left TPU VM kumiki-\w+: taking up what is there in a new run/);
  assert.equal(creations(workspace), 1);
  assert.deepEqual(workspace.leftBehind(), []);
});

const onTerminal = {
  skip: spawnSync('script', ['--version']).status === 0 ? false : 'there is no script(1) to make a terminal with',
};

test(
  'on a terminal Ctrl-C asks: with no the VM trains on, with yes it is deleted; once more ends at once',
  onTerminal,
  async () => {
    await using workspace = tpuWorkspace();
    workspace.trainerFault('wait 12');
    const screen = workspace.startOnTerminal(['run']);
    await screen.printed(/12\/24 steps/);
    screen.child.stdin!.write('\u0003');
    await screen.printed(/cancel TPU VM kumiki-\w+\? no: it goes on, `kumiki watch` comes back to it/);
    screen.child.stdin!.write('n');
    const left = await screen.finished;
    assert.equal(left.exit, 130);
    assert.match(
      left.stdout,
      /! train: TPU VM kumiki-\w+ goes on, and the next run takes it up; it costs money until `kumiki tpu/,
    );
    assert.equal(workspace.leftBehind().length, 1);

    workspace.faults('stuck');
    const again = workspace.startOnTerminal(['run']);
    await again.printed(/12\/24 steps/);
    again.child.stdin!.write('\u0003');
    await again.printed(/cancel TPU VM/);
    again.child.stdin!.write('y');
    await again.printed(/stopping/);
    while (!workspace.verbs().some((words) => words[3] === 'delete')) await delay(20);
    again.child.stdin!.write('\u0003');
    const ended = await again.finished;
    assert.equal(ended.exit, 130);
    assert.match(
      ended.stdout,
      /! train: TPU VM kumiki-\w+ may be left behind; it costs money until `kumiki tpu delete/,
    );
    assert.equal(creations(workspace), 1);
    await deleteLeft(workspace);
  },
);

test('kumiki exec tells of the VM too, when it is interrupted twice', async () => {
  await using workspace = tpuWorkspace();
  workspace.faults('stuck');
  workspace.trainerFault('wait 12');
  const given = ['runtime=tpu-vm', 'zone=a-1', `bucket=file://${workspace.path('bucket')}`, `steps=${steps}`];
  const settings = [...given, `models=${workspace.path('cloud')}`, 'poll=0.05'].flatMap((one) => ['--with', one]);
  const inputs = ['records=train.tfrecord.gz', 'data=config.yaml', 'model=config.yaml'].flatMap((one) => [
    '--input',
    one,
  ]);
  const exec = workspace.start(['exec', 'pretrain-model-garden', ...inputs, ...settings]);
  await exec.printed(/^hangs$/m);
  exec.child.kill('SIGINT');
  while (!workspace.verbs().some((words) => words[3] === 'delete')) await delay(20);
  exec.child.kill('SIGINT');
  const { exit, stderr } = await exec.finished;
  assert.equal(exit, 130);
  assert.match(stderr, /^kumiki: TPU VM kumiki-\w+ may be left behind; .*`kumiki tpu delete kumiki-\w+ --zone a-1`$/m);
  await deleteLeft(workspace);
});

test('a VM that cannot be deleted is tried again; why the training failed is told all the same', async () => {
  await using once = tpuWorkspace();
  once.faults('keep');
  await trained(once);
  await using never = tpuWorkspace();
  never.faults('keep', 'keep', 'keep');
  never.trainerFault('crash 8');
  const { exit, stdout } = await never.kumiki(['run']);
  assert.equal(exit, 1);
  assert.match(stdout, /Model Garden's trainer failed \(exit code 1\)/);
  assert.match(stdout, /! +train +kumiki-\w+ in europe-west4-a could not be deleted/);
  assert.match(stdout, /TPU VM kumiki-\w+ may be left behind; it costs money until `kumiki tpu delete/);
  await deleteLeft(never);
});

test('kumiki tpu ls finds what waits in line too, and says how to delete it; without the right to look there, the VMs', async () => {
  await using workspace = tpuWorkspace();
  workspace.write('cloud/nodes/europe-west4-a.kumiki-0a/state', 'READY');
  workspace.write('cloud/queue.us-central1-a.kumiki-0b', '2');
  workspace.write('cloud/queue.us-central1-a.other', '2');
  const { stdout } = await workspace.kumiki(['tpu', 'ls']);
  assert.deepEqual(stdout.trim().split('\n'), [
    'kumiki-0a  europe-west4-a  v3-8  READY  2026-01-01',
    'kumiki-0b  us-central1-a  WAITING_FOR_RESOURCES  2026-01-01  delete it with --queued',
  ]);
  await workspace.kumiki(['tpu', 'delete', 'kumiki-0b', '--zone', 'us-central1-a', '--queued']);
  assert.equal(workspace.has('cloud/queue.us-central1-a.kumiki-0b'), false);
  workspace.faults('permission');
  const denied = await workspace.kumiki(['tpu', 'ls']);
  assert.deepEqual([denied.exit, denied.stdout], [0, 'kumiki-0a  europe-west4-a  v3-8  READY  2026-01-01\n']);
  assert.match(denied.stderr, /cannot list queued-resources: the account may not do this/);
});

test('what the trainer leaves in the bucket is told, and weights and checkpoints of another training are taken there', async () => {
  await using workspace = tpuWorkspace();
  assert.match(await trained(workspace), /^ckpt-24 is in the bucket$/m);
  const earlier = (await workspace.kumiki(['output', 'train.checkpoint'])).stdout.trim();
  cpSync(earlier, workspace.path('earlier'), { recursive: true });
  const { stages } = JSON.parse(workspace.read('workflow.yaml')) as {
    stages: { train: { inputs: object; with: object } };
  };
  const { train } = stages;
  const further = { ...train, inputs: { ...train.inputs, resume: 'earlier' }, with: { ...train.with, steps: 32 } };
  const afresh = { ...train, inputs: { ...train.inputs, init_checkpoint: 'earlier' } };
  workspace.write('workflow.yaml', { stages: { further, afresh } });
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.equal(exit, 0, stdout + stderr);
  const firstStep = async (stage: string) =>
    JSON.parse(
      readFileSync((await workspace.kumiki(['output', `${stage}.log`])).stdout.trim(), 'utf8').split('\n')[0]!,
    ) as { readonly step: number; readonly training_loss: number };
  assert.deepEqual([(await firstStep('further')).step, (await firstStep('further')).training_loss], [28, 27.75]);
  assert.equal((await firstStep('afresh')).step, 4);
});

test('kumiki tpu delete deletes what was left behind', async () => {
  await using workspace = tpuWorkspace();
  workspace.write('cloud/nodes/europe-west4-a.kumiki-0a/state', 'READY');
  workspace.write('cloud/nodes/europe-west4-a.other/state', 'READY');
  assert.doesNotMatch((await workspace.kumiki(['tpu', 'ls'])).stdout, /other/);
  workspace.faults('keep');
  const failed = await workspace.kumiki(['tpu', 'delete', 'kumiki-0a', '--zone', 'europe-west4-a']);
  assert.equal(failed.exit, 1);
  assert.match(failed.stderr, /It costs money until it is: kumiki tpu delete kumiki-0a --zone europe-west4-a/);
  assert.equal((await workspace.kumiki(['tpu', 'delete', 'kumiki-0a', '--zone', 'europe-west4-a'])).exit, 0);
  assert.equal(existsSync(workspace.path('cloud/nodes/europe-west4-a.kumiki-0a')), false);
});
