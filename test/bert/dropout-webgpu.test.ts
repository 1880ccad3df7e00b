import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDropout } from '../../src/bert/model/dropout.ts';
import { hasWebgpu, webgpu, withoutWebgpu } from '../devices/webgpu.ts';

const skip = !hasWebgpu() && withoutWebgpu;

test('dropout draws the same masks on the GPU as on the host', { skip }, async () => {
  const device = (await webgpu())!;
  const { tf } = device;
  const seed = { words: [123456789, 5], tensor: tf.tensor1d([123456789, 5], 'int32') } as const;
  const shape = [7, 9, 11];
  for (const rate of [0.1, 0.5]) {
    const [onGpu, onHost] = [device, { ...device, kind: 'wasm' as const }].map((each) =>
      createDropout(each, seed).factors(shape, rate)!.data(),
    );
    assert.deepEqual(await onGpu, await onHost);
  }
});
