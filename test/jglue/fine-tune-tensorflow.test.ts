import { testTrajectories } from './trajectories.ts';

testTrajectories('tensorflow');
