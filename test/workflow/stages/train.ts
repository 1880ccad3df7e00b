import { z } from 'zod';
import { defineStage } from '../../../src/stage/index.ts';

/** Takes one of every kind of input; never run. */
export default defineStage({
  name: 'train',
  version: 3,
  description: 'Trains a model',
  params: z.object({
    steps: z.int().min(1).describe('How many steps to take'),
    rate: z.number().default(0.001),
    optimizer: z.enum(['adam', 'sgd']).default('adam'),
    schedule: z.object({ warmup: z.int() }).optional(),
    teacher: z.string().optional(),
    backend: z.string().default('auto'),
    seed: z.int().default(0),
  }),
  how: ['backend'],
  inputs: {
    records: { kind: 'file', description: 'Training records', list: true },
    model: { kind: 'config', description: 'Shape of the model', optional: true },
    vocabulary: { kind: 'file', description: 'One word a line', optional: true },
    data: { kind: 'directory', description: 'A folder of texts', optional: true },
    init: { kind: 'checkpoint', description: 'Weights to start from', optional: true },
  },
  outputs: {
    checkpoint: { kind: 'directory', description: 'The weights' },
    log: { kind: 'file', description: 'One line a step' },
  },
  resume: { params: ['steps', 'seed'], inputs: ['records'] },
  resources: { cpu: 2, memory: '1GiB', gpu: 1 },
  async run() {},
});
