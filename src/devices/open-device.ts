/** Finds the TensorFlow.js that a backend's name asks for, and says what is missing when it is not there. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { addonFolder } from './addon-folder.ts';
import type { Device, Tensorflow } from './device.ts';

export const backends = ['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'] as const;

export type Backend = (typeof backends)[number];

/** A backend that this machine does not have: the message says how to get it. */
export class DeviceError extends Error {
  override readonly name = 'DeviceError';
}

const require = createRequire(import.meta.url);

/** Opens a backend; `auto` takes the first there is of tensorflow-gpu, tensorflow and wasm. `threads`: of the wasm backend. */
export async function openDevice(backend: Backend, threads: number): Promise<Device> {
  if (backend === 'wasm') return openWasm(threads);
  if (backend === 'auto') return openAddon('gpu') ?? openAddon('cpu') ?? openWasm(threads);
  if (backend === 'webgpu') throw new DeviceError('the webgpu backend is not installed');
  const device = openAddon(backend === 'tensorflow-gpu' ? 'gpu' : 'cpu');
  if (device !== undefined) return device;
  const remedy = backend === 'tensorflow-gpu' ? 'kumiki setup tensorflow --gpu' : 'kumiki setup tensorflow';
  throw new DeviceError(`the backend ${backend} is not installed: run '${remedy}', or use the backend wasm`);
}

/** The native addon that `kumiki setup tensorflow` built, or the one that npm installed; undefined where there is none that loads. */
function openAddon(which: 'cpu' | 'gpu'): Device | undefined {
  const packageName = which === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  for (const from of [join(addonFolder(which), 'package.json'), import.meta.url]) {
    const tf = loaded(from, packageName);
    if (tf === undefined) continue;
    const { binding } = tf.backend() as unknown as { binding: { TF_Version: string; isUsingGpuDevice(): boolean } };
    if (which === 'gpu' && !binding.isUsingGpuDevice()) continue;
    return { tf, kind: 'tensorflow', name: `TensorFlow ${binding.TF_Version} (${which})` };
  }
  return undefined;
}

function loaded(from: string, packageName: string): Tensorflow | undefined {
  // Node 23 dropped a function that the addon's JavaScript still calls.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    return createRequire(from)(packageName) as Tensorflow;
  } catch {
    return undefined;
  }
}

async function openWasm(threads: number): Promise<Device> {
  const tf = require('@tensorflow/tfjs') as Tensorflow;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as {
    setWasmPaths(folder: string): void;
    setThreadsCount(threads: number): void;
  };
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(threads);
  await tf.setBackend('wasm');
  await tf.ready();
  return { tf, kind: 'wasm', name: `WebAssembly (${threads} ${threads === 1 ? 'thread' : 'threads'})` };
}
