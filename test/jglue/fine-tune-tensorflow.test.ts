import { tensorflow } from '../devices/tensorflow.ts';
import { testTrajectories } from './trajectories.ts';

testTrajectories('tensorflow', tensorflow);
