import { test } from 'node:test';
import { tensorflow } from '../devices/tensorflow.ts';
import { testGradients } from './gradients.ts';
import { testModelGradients } from './model-gradients.ts';

if (tensorflow === undefined) test('gradients on TensorFlow', { skip: 'kumiki setup tensorflow was not run' });
else {
  testGradients(tensorflow);
  testModelGradients(tensorflow);
}
