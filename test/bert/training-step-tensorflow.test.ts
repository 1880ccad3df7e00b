import { test } from 'node:test';
import { tensorflow as device } from '../devices/tensorflow.ts';
import { testTrainingSteps } from './training-step.ts';

if (device === undefined) {
  test('training steps on TensorFlow', { skip: 'kumiki setup tensorflow was not run' });
} else {
  testTrainingSteps([
    { name: 'eager', device, traced: false },
    { name: 'traced', device, traced: true },
  ]);
}
