import { existsSync } from 'node:fs';
import { addonFolder } from '../../src/devices/addon-folder.ts';
import type { Device } from '../../src/devices/device.ts';
import { openAddonAt } from '../../src/devices/open-addon.ts';

/** The addon that `kumiki setup tensorflow` built; undefined where it did not run, save in CI, which runs it. */
export const tensorflow: Device | undefined = existsSync(addonFolder('cpu'))
  ? openAddonAt(addonFolder('cpu'))
  : missing();

function missing(): undefined {
  if (process.env.KUMIKI_REQUIRE_ADDON) throw new Error('KUMIKI_REQUIRE_ADDON is set, but the addon is not set up');
  return undefined;
}
