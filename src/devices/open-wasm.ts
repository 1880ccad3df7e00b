import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Device, Tensorflow } from './device.ts';

const require = createRequire(import.meta.url);

/** TensorFlow.js on WebAssembly with SIMD and threads: what npm alone gives. */
export async function openWasm(threads: number): Promise<Device> {
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
