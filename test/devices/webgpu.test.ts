import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openDevice } from '../../src/devices/open-device.ts';
import { findAdapter } from '../../src/devices/webgpu/find-adapter.ts';
import { hasWebgpu, withoutWebgpu } from './webgpu.ts';

const main = join(import.meta.dirname, '../../cli/main.js');
const skip = !hasWebgpu() && withoutWebgpu;

test('a CPU that plays a GPU is told as such, and auto does not take it', { skip }, async (t) => {
  const adapter = findAdapter();
  if (adapter.kind !== 'adapter' || !adapter.software) return t.skip('there is a GPU');
  assert.match(adapter.name, /SwiftShader|llvmpipe/);
  assert.notEqual((await openDevice('auto', 1)).kind, 'webgpu');
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'doctor']);
  assert.match(stdout, /webgpu .*: software, not a GPU/);
});
