/**
 * Model Garden's own trainer behind the stand-in for gcloud, on the CPU of this machine, run by hand:
 *   KUMIKI_MODEL_GARDEN_PYTHON=…/bin/python node dist/test/fidelity/model-garden-on-tpu.js
 * A tiny model trains on a VM that is preempted after its first checkpoints; another VM goes on from them. The interpreter needs
 * tf-models-official 2.11.0. What a TPU alone could do, its distribution strategy, is replaced.
 */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { tpuWorkspace } from '../cloud-tpu/tpu-workspace.ts';

const python = process.env.KUMIKI_MODEL_GARDEN_PYTHON;
if (python === undefined) throw new Error('set KUMIKI_MODEL_GARDEN_PYTHON');

const steps = 600;
await using workspace = tpuWorkspace({
  steps,
  params_override: 'task.train_data.use_v2_feature_names=true,task.validation_data.use_v2_feature_names=true',
});
const program = workspace.path('cloud/python/python3');
writeFileSync(
  program,
  `#!/bin/bash
words=()
for word in "\${@:2}"; do
  [[ $word == --tpu=* ]] || words+=("\${word/distribution_strategy=tpu/distribution_strategy=one_device}")
done
exec '${python}' -m official.nlp.train "\${words[@]}"
`,
);
chmodSync(program, 0o755);

const run = workspace.start(['run', '--json']);
await run.printed(/ckpt-\d+ is in the bucket|"done":\d\d,/);
workspace.faults('preempt');
workspace.write('cloud/python/met', '');
const { exit, stdout, stderr } = await run.finished;
const log = (await workspace.kumiki(['logs', 'train'])).stdout;
assert.equal(exit, 0, stdout.slice(-2000) + stderr + log.slice(-3000));
assert.match(log, /was preempted or taken for maintenance: making another/);
assert.equal(workspace.verbs().filter((words) => words[3] === 'create').length, 2);
assert.deepEqual(workspace.leftBehind(), []);
const outputOf = async (name: string) => (await workspace.kumiki(['output', `train.${name}`])).stdout.trim();
assert.equal(openCheckpoint(await outputOf('checkpoint')).step, steps);
const seen = readFileSync(await outputOf('log'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly step: number; readonly training_loss?: number });
assert.deepEqual(seen.at(-1)?.step, steps);
process.stdout.write(`${steps} steps on two VMs, ${seen.length} lines of its log; the last checkpoint opens\n`);
