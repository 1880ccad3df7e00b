import { openDevice } from '../../src/devices/open-device.ts';
import { testGradients } from './gradients.ts';
import { testModelGradients } from './model-gradients.ts';

const device = await openDevice('wasm', 2);
testGradients(device);
testModelGradients(device);
