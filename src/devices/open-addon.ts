/** Loads tfjs-node, the TensorFlow.js that computes with TensorFlow's own kernels through a native addon. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type AddonKind, addonFolder } from './addon-folder.ts';
import type { Device, Tensorflow } from './device.ts';

export interface AddonDevice extends Device {
  /** Of TensorFlow. */
  readonly version: string;
  /** Computes on a GPU. */
  readonly gpu: boolean;
}

const require = createRequire(import.meta.url);

/** The addon that `kumiki setup tensorflow` built, or the one that npm installed; undefined where there is none that loads. */
export function openAddon(kind: AddonKind): AddonDevice | undefined {
  const packageName = kind === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const candidates = [() => openAddonAt(addonFolder(kind)), () => openPackage(import.meta.url, packageName)];
  for (const open of candidates) {
    try {
      const device = open();
      if (kind === 'cpu' || device.gpu) return device;
    } catch {
      // Not there, or not for this machine: the next one.
    }
  }
  return undefined;
}

/** The addon of a folder of `kumiki setup tensorflow`; throws where it does not load. */
export function openAddonAt(folder: string): AddonDevice {
  return openPackage(join(folder, 'package.json'), '@tensorflow/tfjs-node');
}

function openPackage(from: string, packageName: string): AddonDevice {
  // Node 23 dropped a function that the addon's JavaScript still calls.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const tf = withoutWarnings(() => createRequire(from)(packageName) as Tensorflow);
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string; isUsingGpuDevice(): boolean } };
  const gpu = binding.isUsingGpuDevice();
  const version = binding.TF_Version;
  return { tf, kind: 'tensorflow', name: `TensorFlow ${version} (${gpu ? 'GPU' : 'CPU'})`, version, gpu };
}

/** A candidate before this one may have registered the same kernels: TensorFlow.js says so in a line for each, hundreds of them. */
function withoutWarnings<T>(load: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return load();
  } finally {
    console.warn = warn;
  }
}
