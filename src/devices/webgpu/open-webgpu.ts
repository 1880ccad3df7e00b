/** TensorFlow.js on WebGPU through Dawn: any GPU with a driver for Vulkan, Metal or D3D12, with what npm alone gives. */
import { createRequire } from 'node:module';
import type { Device, Tensorflow } from '../device.ts';
import { DeviceError } from '../device-error.ts';
import { type Adapter, missingPackages, openDawn, packages } from './dawn.ts';

const require = createRequire(import.meta.url);

interface WebgpuBackend {
  readonly device: {
    addEventListener(type: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void;
  };
}

/** Throws `DeviceError` that says what is missing. */
export async function openWebgpu(): Promise<Device> {
  const missing = missingPackages();
  if (missing.length > 0) {
    throw new DeviceError(`the backend webgpu is not installed: ${installRemedy}, or use the backend wasm`);
  }
  const adapter = await openDawn().catch((error: Error) => {
    throw new DeviceError(`the backend webgpu does not load: ${error.message.split('\n')[0]}. Use the backend wasm`);
  });
  if (adapter === undefined) {
    throw new DeviceError(`the backend webgpu finds no GPU: ${driverRemedy}, or use the backend wasm`);
  }
  return startBackend(adapter);
}

/** What brings the packages, which npm leaves out where they do not fit or are not wanted. */
export const installRemedy = `run 'npm install --include=optional ${packages.join(' ')}'`;

/** What makes an adapter appear. */
export const driverRemedy =
  process.platform === 'linux'
    ? "install the GPU's Vulkan driver and loader (on Debian: apt install libvulkan1 mesa-vulkan-drivers, or NVIDIA's)"
    : "update the GPU's driver";

/** After `openDawn`: the backend looks for `navigator.gpu` when it is loaded. */
export async function startBackend({ name, software }: Adapter): Promise<Device> {
  const tf = require('@tensorflow/tfjs') as Tensorflow;
  require('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) {
    throw new DeviceError(`the backend webgpu does not start on ${name}: use the backend wasm`);
  }
  await tf.ready();
  // Out of memory or a lost device: the numbers after it mean nothing, and nobody else would notice.
  (tf.backend() as unknown as WebgpuBackend).device.addEventListener('uncapturederror', ({ error }) => {
    throw new DeviceError(`the GPU failed: ${error.message.split('\n')[0]}`);
  });
  return { tf, kind: 'webgpu', name: `WebGPU (${name}${software ? ', software' : ''})` };
}
