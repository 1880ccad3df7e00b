import { test } from 'node:test';
import { webgpu, withoutWebgpu } from '../devices/webgpu.ts';
import { testTrajectories } from './trajectories.ts';

const device = await webgpu();
if (device === undefined) test('fine-tuning on WebGPU', { skip: withoutWebgpu });
else testTrajectories('webgpu', device, ['jsts'], [1e-3]);
