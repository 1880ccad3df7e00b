import { openDevice } from '../../src/devices/open-device.ts';
import { testTrainingSteps } from './training-step.ts';

const device = await openDevice('wasm', 1);
testTrainingSteps([{ name: 'wasm', device, traced: false }]);
