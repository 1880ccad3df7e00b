/** Checkpoints and model directories with random weights, written by our own writers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import type { Architecture } from '../../src/bert/model/architecture.ts';
import { saveCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { adamWeightDecay } from '../../src/bert/training/optimizer.ts';
import convert from '../../stages/convert.ts';
import { fixturePath } from '../fixtures.ts';
import { runStage } from '../stages/run-stage.ts';

export const vocabulary = fixturePath('corpus/vocab.txt');
export const tokenizerConfigs = join(import.meta.dirname, '../../../configs/tokenizer');

/** Small, and eleven layers: their names do not sort as their numbers do. */
export const smallArchitecture: Architecture = {
  vocabSize: 345,
  hiddenSize: 12,
  layers: 11,
  heads: 3,
  intermediateSize: 20,
  maxPositions: 32,
  typeVocabSize: 2,
  initializerRange: 0.02,
};

export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-model-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes `MODEL_DIR/ckpt-7` and returns its prefix. */
export function saveRandomCheckpoint(modelDirectory: string, architecture: Architecture): string {
  let state = 1;
  const random = ({ shape }: { readonly shape: readonly number[] }) =>
    new Float32Array(shape.reduce((product, extent) => product * extent, 1)).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return state / 2 ** 35;
    });
  const weights = { step: 7, saves: 1, weight: random, moment: random };
  return saveCheckpoint(modelDirectory, architecture, adamWeightDecay, weights, 5);
}

export function bertConfigOf(architecture: Architecture): Readonly<Record<string, unknown>> {
  return {
    vocab_size: architecture.vocabSize,
    hidden_size: architecture.hiddenSize,
    num_hidden_layers: architecture.layers,
    num_attention_heads: architecture.heads,
    intermediate_size: architecture.intermediateSize,
    max_position_embeddings: architecture.maxPositions,
    type_vocab_size: architecture.typeVocabSize,
    initializer_range: architecture.initializerRange,
  };
}

/** A model directory made by the stage from a random checkpoint, and that checkpoint. */
export async function randomModel(
  t: TestContext,
  params: z.input<typeof convert.params> = {},
): Promise<{ readonly model: string; readonly checkpoint: string; readonly warnings: readonly string[] }> {
  const folder = temporaryFolder(t);
  const checkpoint = saveRandomCheckpoint(join(folder, 'model_dir'), smallArchitecture);
  const config = join(folder, 'bert.json');
  writeFileSync(config, JSON.stringify(bertConfigOf(smallArchitecture)));
  const { outputs, warnings } = await runStage(t, convert, {
    with: params,
    inputs: {
      checkpoint,
      model: config,
      vocab: vocabulary,
      tokenizer_config: join(tokenizerConfigs, 'wordpiece.yaml'),
    },
  });
  return { model: outputs.model, checkpoint, warnings };
}
