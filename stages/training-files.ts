/** What a stage that trains as Model Garden does takes and gives, whoever computes. */
import { z } from 'zod';
import type { InputDeclaration, OutputDeclaration } from '../src/stage/define.ts';

export const count = z.number().int().min(1);

export const trainingParams = {
  steps: count.optional().describe('Updates in all; replaces train_steps of the configuration and nothing else'),
  batch_size: count.optional().describe('Sequences of an update; replaces global_batch_size'),
  params_override: z.string().default('').describe("Model Garden's: section.key=value, separated by commas"),
};

export const trainingInputs = {
  records: { kind: 'any', list: true, description: 'TFRecord files, gzip or not, or directories of them' },
  validation: { kind: 'any', list: true, optional: true, description: 'Records to evaluate on' },
  data: { kind: 'config', description: "Model Garden's data configuration" },
  model: { kind: 'config', description: "Model Garden's model and trainer configuration" },
  init_checkpoint: {
    kind: 'checkpoint',
    optional: true,
    description: 'Weights to continue from, with a fresh optimizer',
  },
  resume: { kind: 'checkpoint', optional: true, description: 'A training to go on with, everything restored' },
} as const satisfies Readonly<Record<string, InputDeclaration>>;

export const trainingOutputs = {
  checkpoint: { kind: 'directory', description: 'Model directory: TF2 checkpoints and params.yaml' },
  log: { kind: 'file', description: 'JSON lines, one for each logged step' },
  summaries: { kind: 'directory', description: 'The same as TensorBoard event files' },
} as const satisfies Readonly<Record<string, OutputDeclaration>>;
