import { openAddon } from '../src/devices/open-addon.ts';
import type { Backend } from '../src/devices/open-device.ts';
import { hasGpu } from '../src/devices/webgpu/find-adapter.ts';
import type { Cost, Rate } from '../src/stage/index.ts';
import { type TrainingDevice, trainingDevices, trainingRates } from './rates.ts';

let found: TrainingDevice | undefined;

/** What `auto` would take on this machine. */
export function ownDevice(): TrainingDevice {
  found ??= openAddon('gpu') ? 'tensorflow-gpu' : hasGpu() ? 'webgpu' : openAddon('cpu') ? 'tensorflow' : 'wasm';
  return found;
}

/** Or on another accelerator: what is measured of it is its time, not that of cores. */
export function onGpu(device: TrainingDevice): boolean {
  return device !== 'wasm' && device !== 'tensorflow';
}

/** Time of so many floating-point operations on the device that a plan is for, else on the backend that the stage would take. */
export function computeCost(
  floatingPointOperations: number,
  backend: Backend,
  question: {
    readonly device: string | undefined;
    readonly resources: Readonly<Record<string, number>>;
    rate(rate: Rate): number;
  },
): Pick<Cost, 'cpuSeconds' | 'deviceSeconds'> {
  const wanted = question.device ?? (backend === 'auto' ? ownDevice() : backend);
  const device = trainingDevices.find((name) => name === wanted) ?? ownDevice();
  const seconds = floatingPointOperations / question.rate(trainingRates[device]);
  // The core that feeds an accelerator is not counted.
  if (onGpu(device)) return { cpuSeconds: 0, deviceSeconds: seconds };
  return { cpuSeconds: seconds, deviceSeconds: seconds / Math.max(1, question.resources.cpu ?? 1) };
}
