/** What the stages could use on this machine. */
import { existsSync } from 'node:fs';
import { type AddonKind, addonFolder } from '../../src/devices/addon-folder.ts';
import { openAddon } from '../../src/devices/open-addon.ts';
import { findAdapter } from '../../src/devices/webgpu/find-adapter.ts';
import { driverRemedy, installRemedy } from '../../src/devices/webgpu/open-webgpu.ts';
import type { Finding } from '../../src/executors/survey.ts';

export function surveyStages(): readonly Finding[] {
  return [tensorflow('gpu'), webgpu(), tensorflow('cpu')];
}

/** The addon counts when it loads, and that for GPUs when it sees one. */
function tensorflow(kind: AddonKind): Finding {
  const about =
    kind === 'gpu'
      ? { name: 'tensorflow-gpu', purpose: 'training on a GPU', remedy: 'kumiki setup tensorflow --gpu' }
      : { name: 'tensorflow', purpose: 'fast training on the CPU', remedy: 'kumiki setup tensorflow' };
  const device = openAddon(kind);
  if (device !== undefined) {
    return { name: about.name, purpose: about.purpose, required: false, state: 'ok', found: device.version };
  }
  if (!existsSync(addonFolder(kind))) return { ...about, required: false, state: 'missing', found: 'not set up' };
  const found = kind === 'gpu' ? 'no GPU that it can use' : 'does not load';
  return { ...about, required: false, state: 'unusable', found, remedy: `${about.remedy} --force` };
}

/** A CPU that plays a GPU is told as what it is: nothing takes it unless asked to. */
function webgpu(): Finding {
  const about = { name: 'webgpu', purpose: 'training on any GPU', required: false } as const;
  const adapter = findAdapter();
  switch (adapter.kind) {
    case 'adapter':
      return { ...about, state: 'ok', found: adapter.software ? `${adapter.name}: software, not a GPU` : adapter.name };
    case 'no-package':
      return { ...about, state: 'missing', found: 'not installed', remedy: installRemedy };
    case 'no-adapter':
      return { ...about, state: 'missing', found: 'no GPU that it can use', remedy: driverRemedy };
    case 'broken':
      return { ...about, state: 'unusable', found: adapter.why, remedy: driverRemedy };
  }
}
