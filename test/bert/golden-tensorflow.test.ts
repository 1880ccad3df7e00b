import { test } from 'node:test';
import { tensorflow } from '../devices/tensorflow.ts';
import { testGolden } from './golden.ts';

if (tensorflow === undefined) test('Model Garden on TensorFlow', { skip: 'kumiki setup tensorflow was not run' });
else testGolden(tensorflow, 1e-6);
