import { testTrajectories } from './trajectories.ts';

testTrajectories('wasm');
