import { existsSync } from 'node:fs';
import type { Device } from '../../src/devices/device.ts';
import { findAdapter } from '../../src/devices/webgpu/find-adapter.ts';
import { openWebgpu } from '../../src/devices/webgpu/open-webgpu.ts';

/** SwiftShader, Vulkan on the CPU, comes with Debian's package chromium. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';
if (process.env.VK_DRIVER_FILES === undefined && existsSync(swiftShader)) process.env.VK_DRIVER_FILES = swiftShader;

/** Whether there is a GPU or SwiftShader; in CI, which installs it, there must be. */
export function hasWebgpu(): boolean {
  const { kind } = findAdapter();
  if (kind !== 'adapter' && process.env.KUMIKI_REQUIRE_WEBGPU) {
    throw new Error(`KUMIKI_REQUIRE_WEBGPU is set, but WebGPU has ${kind}`);
  }
  return kind === 'adapter';
}

/** WebGPU on a GPU or on SwiftShader; undefined where there is neither. */
export async function webgpu(): Promise<Device | undefined> {
  return hasWebgpu() ? openWebgpu() : undefined;
}

export const withoutWebgpu = 'there is neither a GPU nor SwiftShader (Debian: apt install chromium libvulkan1)';
