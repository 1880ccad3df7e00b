import { test } from 'node:test';
import { webgpu, withoutWebgpu } from '../devices/webgpu.ts';
import { testGolden, testInterruption } from './golden.ts';

const device = await webgpu();
if (device === undefined) test('Model Garden on WebGPU', { skip: withoutWebgpu });
else {
  // SwiftShader takes seconds for a step.
  testGolden(device, process.env.KUMIKI_TEST_LONG ? 20 : 3);
  testInterruption(device, 1e-6, [1, 2]);
}
