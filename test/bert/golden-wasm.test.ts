import { openDevice } from '../../src/devices/open-device.ts';
import { testGolden } from './golden.ts';

testGolden(await openDevice('wasm', 1), 0);
