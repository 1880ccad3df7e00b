import type { Architecture } from './architecture.ts';
import { modelVariables } from './variables.ts';

/** What goes through the model: sequences of S positions, of which P are predicted. */
export interface Load {
  readonly sequences: number;
  readonly positions: number;
  readonly predictions: number;
}

/** Floating-point operations of a pass forward: two for each weight of a product and position, and attention's S·H twice. */
export function forwardOperations(architecture: Architecture, { sequences, positions, predictions }: Load): number {
  const { hiddenSize: H, intermediateSize: I, layers, vocabSize: V } = architecture;
  const perPosition = layers * (2 * (4 * H * H + 2 * H * I) + 4 * positions * H);
  const perPrediction = 2 * (H * H + H * V);
  return sequences * (positions * perPosition + predictions * perPrediction);
}

/** What a device does: it computes, and moves what it computes with. Layers are too small to do both at once. */
export interface Work {
  /** Floating-point operations of the products. */
  readonly operations: number;
  /** Of what the pass backward needs, and of weights: what is read and written in all goes with it. */
  readonly bytes: number;
}

/** So many updates. A pass backward costs two forward; an update of the weights moves about what one activation does for each. */
export function trainingWork(architecture: Architecture, load: Load, updates: number): Work {
  return {
    operations: 3 * updates * forwardOperations(architecture, load),
    bytes: updates * (activationBytes(architecture, load) + 4 * weightCount(architecture)),
  };
}

/** So many batches, forward only. */
export function forwardWork(architecture: Architecture, load: Load, batches: number): Work {
  return {
    operations: batches * forwardOperations(architecture, load),
    bytes: (batches * activationBytes(architecture, load)) / 3,
  };
}

export function addWork(a: Work, b: Work): Work {
  return { operations: a.operations + b.operations, bytes: a.bytes + b.bytes };
}

/** Numbers in the weights, without the optimizer's. */
export function weightCount(architecture: Architecture): number {
  return modelVariables(architecture).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * About how many bytes the pass backward needs of the pass forward: of each layer 17 numbers for each of a position's H, and
 * 2.5 for each score of attention (Korthikanti et al., 2022, section 4.1: 34 and 5 bytes in half precision); and the vocabulary's scores.
 */
export function activationBytes(architecture: Architecture, { sequences, positions, predictions }: Load): number {
  const { hiddenSize: H, layers, heads, vocabSize: V } = architecture;
  const perLayer = positions * 17 * H + 2.5 * heads * positions * positions;
  return 4 * sequences * (layers * perLayer + 2 * predictions * V);
}
