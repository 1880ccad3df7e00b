import { openDevice } from '../../src/devices/open-device.ts';
import { testTrajectories } from './trajectories.ts';

testTrajectories('wasm', await openDevice('wasm', 2));
