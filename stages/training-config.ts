import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { overrideOf } from '../src/bert/config/merge.ts';
import { type PretrainingConfig, pretrainingConfig } from '../src/bert/config/pretraining-config.ts';

interface TrainingParams {
  readonly steps?: number | undefined;
  readonly batch_size?: number | undefined;
  readonly params_override: string;
}

/** What a stage trains by: Model Garden's configurations in order, then `params_override`, then the stage's own parameters. */
export function trainingConfig(values: readonly unknown[], params: TrainingParams): PretrainingConfig {
  return pretrainingConfig([...values, overrideOf(params.params_override), ownValues(params)]);
}

export async function readTrainingConfig(paths: readonly string[], params: TrainingParams): Promise<PretrainingConfig> {
  return trainingConfig(
    await Promise.all(paths.map(async (path) => parse(await readFile(path, 'utf8')) as unknown)),
    params,
  );
}

function ownValues({ steps, batch_size }: TrainingParams): unknown {
  const batch = batch_size === undefined ? {} : { global_batch_size: batch_size };
  return {
    task: { train_data: batch, validation_data: batch },
    trainer: steps === undefined ? {} : { train_steps: steps },
  };
}
