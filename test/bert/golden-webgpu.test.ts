import { test } from 'node:test';
import { webgpu, withoutWebgpu } from '../devices/webgpu.ts';
import { testGolden, testInterruption } from './golden.ts';

const device = await webgpu();
if (device === undefined) test('Model Garden on WebGPU', { skip: withoutWebgpu });
else {
  testGolden(device);
  testInterruption(device, 1e-6, [2, 4]);
}
