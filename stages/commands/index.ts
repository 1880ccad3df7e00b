/** Commands that know the domain; they stand beside the engine's own. */
import type { CommandEntry } from '../../src/stage/command.ts';

export const stageCommands: readonly CommandEntry[] = [
  { name: 'inspect', description: 'show records of pretraining data as text', load: () => import('./inspect.ts') },
  {
    name: 'fill-mask',
    description: 'the words that a model expects in place of [MASK]',
    load: () => import('./fill-mask.ts'),
  },
  { name: 'setup', description: 'get what trains faster: tensorflow', load: () => import('./setup.ts') },
  {
    name: 'tpu',
    description: 'Cloud TPU VMs that kumiki made: list and delete what was left behind',
    load: () => import('./tpu.ts'),
  },
];
