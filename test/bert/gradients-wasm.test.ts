import { openDevice } from '../../src/devices/open-device.ts';
import { testGradients } from './gradients.ts';

testGradients(await openDevice('wasm', 2));
