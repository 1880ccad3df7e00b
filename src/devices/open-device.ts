/** Finds the TensorFlow.js that a backend's name asks for, and says what is missing when it is not there. */
import type { Device } from './device.ts';
import { DeviceError } from './device-error.ts';
import { openAddon } from './open-addon.ts';
import { openWasm } from './open-wasm.ts';
import { hasGpu } from './webgpu/find-adapter.ts';
import { openWebgpu } from './webgpu/open-webgpu.ts';

export const backends = ['auto', 'tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'] as const;

export type Backend = (typeof backends)[number];

/**
 * Opens a backend. `auto` takes the first there is of tensorflow-gpu, webgpu on a GPU (not on a CPU that plays one), tensorflow and wasm.
 * `threads`: of the wasm backend.
 */
export async function openDevice(backend: Backend, threads: number): Promise<Device> {
  switch (backend) {
    case 'auto':
      return openAddon('gpu') ?? (hasGpu() ? openWebgpu() : (openAddon('cpu') ?? openWasm(threads)));
    case 'wasm':
      return openWasm(threads);
    case 'webgpu':
      return openWebgpu();
    case 'tensorflow-gpu':
      return openAddon('gpu') ?? missing(backend, 'kumiki setup tensorflow --gpu');
    case 'tensorflow':
      return openAddon('cpu') ?? missing(backend, 'kumiki setup tensorflow');
  }
}

function missing(backend: Backend, remedy: string): never {
  throw new DeviceError(`the backend ${backend} is not installed: run '${remedy}', or use the backend wasm`);
}
