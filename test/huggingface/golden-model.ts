import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import convert from '../../stages/convert.ts';
import { sharedPath } from '../shared.ts';
import { runStage } from '../stages/run-stage.ts';
import { temporaryFolder, tokenizerConfigs } from './random-model.ts';

/** A model directory made by the stage of the original's checkpoint, with a vocabulary of its size; only where the golden files are. */
export async function goldenModel(t: TestContext): Promise<string> {
  const golden = sharedPath('golden/model-garden')!;
  const vocab = join(temporaryFolder(t), 'vocab.txt');
  const tokens = readFileSync(sharedPath('golden/vocab/wordpiece-32768.txt')!, 'utf8').split('\n').slice(0, 800);
  writeFileSync(vocab, tokens.map((token) => `${token}\n`).join(''));
  const { outputs } = await runStage(t, convert, {
    with: {},
    inputs: {
      checkpoint: join(golden, 'model_dir'),
      model: join(golden, 'model.yaml'),
      vocab,
      tokenizer_config: join(tokenizerConfigs, 'wordpiece.yaml'),
    },
  });
  return outputs.model;
}
