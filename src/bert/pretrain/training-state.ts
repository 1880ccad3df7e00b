/** What a training begins with, and what its checkpoints hold. */
import type { Device } from '../../devices/device.ts';
import type { PretrainingConfig } from '../config/pretraining-config.ts';
import { modelVariables, type Variable } from '../model/variables.ts';
import { createWeights } from '../model/weights.ts';
import type { StartingPoint } from '../progress/starting-point.ts';
import type { TrainingState } from '../training/checkpoint.ts';
import { initialWeights } from '../training/initial-weights.ts';
import { createMoments } from '../training/moments.ts';
import { createTrainingStep, type TrainingStep } from '../training/training-step.ts';
import type { RecordShape } from './checked-shape.ts';
import type { Health } from './health.ts';

interface Given {
  readonly device: Device;
  readonly config: PretrainingConfig;
  readonly batchSize: number;
  readonly replicas: number;
  readonly microBatch: number;
  readonly dropout?: number;
  readonly seed: number;
}

/** Variables that a continuation takes from the checkpoint; Model Garden starts the next-sentence output anew. */
const isContinued = ({ key }: Variable) => !key.startsWith('model/classification_heads/');

/** The training step at its starting point. */
export function createStep(
  { device, config, batchSize, replicas, microBatch, dropout, seed }: Given,
  { checkpoint, whole }: Pick<StartingPoint, 'checkpoint' | 'whole'>,
  { tokens, masks }: RecordShape,
): TrainingStep {
  const { architecture } = config;
  const weights = createWeights(device, architecture, (variable) =>
    checkpoint !== undefined && (whole || isContinued(variable))
      ? checkpoint.weight(variable)
      : freshWeight(variable, config, seed),
  );
  const moments = createMoments(device, weights, whole ? checkpoint : undefined);
  return createTrainingStep(device, weights, moments, {
    heads: architecture.heads,
    dropoutRate: dropout ?? config.dropout.hidden,
    attentionDropoutRate: dropout ?? config.dropout.attention,
    headDropoutRate: dropout ?? config.dropout.head,
    maskedScore: -1e9,
    gelu: config.gelu,
    optimizer: config.optimizer,
    batchSize,
    replicas,
    microBatch,
    positions: tokens,
    predictions: masks,
    traced: device.kind === 'tensorflow',
  });
}

function freshWeight(variable: Variable, config: PretrainingConfig, seed: number): Float32Array {
  const inMaskedLm = variable.key.startsWith('masked_lm/dense/');
  const range = inMaskedLm ? config.maskedLmInitializerRange : config.architecture.initializerRange;
  return initialWeights(variable, range, seed);
}

/** What the checkpoint's writer reads, one variable at a time. The pooler that Model Garden's encoder carries along is kept as it was. */
export function stateReader(
  step: TrainingStep,
  { config, seed }: Given,
  { checkpoint }: StartingPoint,
  health: Health,
): (done: number, saves: number) => Promise<TrainingState> {
  const variables = modelVariables(config.architecture);
  const index = new Map(variables.filter(({ trained }) => trained).map((variable, i) => [variable.key, i]));
  const untrained = new Map(
    variables
      .filter(({ trained }) => !trained)
      .map((variable) => [
        variable.key,
        checkpoint?.has(variable) ? checkpoint.weight(variable) : freshWeight(variable, config, seed),
      ]),
  );
  return async (done, saves) => {
    const numbers = await step.snapshot();
    const read = (variable: Variable, which: 'weight' | 'm' | 'v') =>
      health.finite(done, variable, numbers(index.get(variable.key)!, which));
    return {
      step: done,
      saves,
      weight: (variable) => untrained.get(variable.key) ?? read(variable, 'weight'),
      moment: read,
    };
  };
}
