import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingConfig } from '../../stages/training-config.ts';
import { tinyConfigFile } from '../bert/tiny-training.ts';

test("what a stage's parameters say stands in the configuration that the model directory keeps", () => {
  const override = 'trainer.train_steps=5,trainer.checkpoint_interval=3';
  const config = trainingConfig([tinyConfigFile], { steps: 7, batch_size: 6, params_override: override });
  const { task, trainer } = config.merged as {
    task: Record<'train_data' | 'validation_data', { global_batch_size: number }>;
    trainer: Record<string, number>;
  };
  assert.deepEqual([trainer.train_steps, trainer.checkpoint_interval], [7, 3]);
  assert.deepEqual([task.train_data.global_batch_size, task.validation_data.global_batch_size], [6, 6]);
  assert.deepEqual([config.trainer.trainSteps, config.trainData.global_batch_size], [7, 6]);
  const asGiven = trainingConfig([tinyConfigFile], { params_override: '' });
  assert.equal(asGiven.trainer.trainSteps, tinyConfigFile.trainer.train_steps);
});

for (const override of ['a.b={c: 1, d: 2}', 'a.b=[1,2', "a.b='x", 'a.b=*anchor']) {
  test(`a value of params_override that is no YAML is told with its name: ${override}`, () => {
    assert.throws(() => trainingConfig([tinyConfigFile], { params_override: override }), {
      name: 'ConfigError',
      message:
        /^params_override: 'a\.b=.* has a value that YAML does not understand \(.*\): a comma belongs to it only in/,
    });
  });
}
