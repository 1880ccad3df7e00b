import { openDevice } from '../../src/devices/open-device.ts';
import { testGolden, testInterruption } from './golden.ts';

const device = await openDevice('wasm', 1);
testGolden(device);
testInterruption(device, 0);
