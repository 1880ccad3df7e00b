import { test } from 'node:test';
import { tensorflow } from '../devices/tensorflow.ts';
import { testGolden, testInterruption } from './golden.ts';

if (tensorflow === undefined) test('Model Garden on TensorFlow', { skip: 'kumiki setup tensorflow was not run' });
else {
  testGolden(tensorflow);
  testInterruption(tensorflow, 1e-6);
}
