/** The weights of fine-tuning: the encoder, the pooler where the task reads [CLS], and the task's own output layer. */

import type { Architecture } from '../../bert/model/architecture.ts';
import { modelVariables, type Variable } from '../../bert/model/variables.ts';
import {
  type Dense,
  type EncoderWeights,
  encoderWeights,
  namedVariables,
  placeVariables,
  poolerKey,
  type TrainedVariable,
} from '../../bert/model/weights.ts';
import type { Device } from '../../devices/device.ts';
import type { TaskKind } from '../tasks/task.ts';

export interface TaskWeights {
  readonly encoder: EncoderWeights;
  /** Absent for spans, which are read from every position. */
  readonly pooler: Dense | undefined;
  readonly head: Dense; // [H, outputs]
  readonly trained: readonly TrainedVariable[];
}

/** Names of the head in transformers' models. */
export function headName(kind: TaskKind): 'qa_outputs' | 'classifier' {
  return kind === 'span' ? 'qa_outputs' : 'classifier';
}

/** Numbers that the head gives for a sequence: a score for each class, one number, or a start and an end at each position. */
export function outputsOf(kind: TaskKind, classes: number): number {
  return { classification: classes, regression: 1, choice: 1, span: 2 }[kind];
}

const headKey = 'fine_tuning/head';

export const isHead = ({ key }: Variable) => key.startsWith(`${headKey}/`);
export const isPooler = ({ key }: Variable) => key.startsWith(`${poolerKey}/`);

/** What a task trains, encoder first. The masked-LM head is left out, its embeddings are the encoder's. */
export function taskVariables(architecture: Architecture, kind: TaskKind, outputs: number): Variable[] {
  const body = modelVariables(architecture).filter(
    (variable) =>
      variable.trained &&
      (variable.key.startsWith('encoder/') ||
        variable.key === 'masked_lm/embedding_table' ||
        (kind !== 'span' && isPooler(variable))),
  );
  const head = (parameter: string, shape: readonly number[], initial: Variable['initial']): Variable => ({
    key: `${headKey}/${parameter}`,
    fullName: `${headName(kind)}/${parameter}`,
    shape,
    initial,
    trained: true,
  });
  return [...body, head('kernel', [architecture.hiddenSize, outputs], 'normal'), head('bias', [outputs], 'zeros')];
}

export function createTaskWeights(
  device: Device,
  variables: readonly Variable[],
  { layers }: Architecture,
  valuesOf: (variable: Variable) => Float32Array,
): TaskWeights {
  const trained = placeVariables(device, variables, valuesOf);
  const named = namedVariables(trained);
  return {
    encoder: encoderWeights(named, layers),
    pooler: variables.some(isPooler) ? named.dense(poolerKey) : undefined,
    head: named.dense(headKey),
    trained,
  };
}
