/** Writes a fine-tuned model as a Hugging Face directory that transformers loads. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '../../bert/model/variables.ts';
import type { Model } from '../../huggingface/open-model.ts';
import { modelTensor } from '../../huggingface/tensor-names.ts';
import { transpose } from '../../huggingface/transpose/transpose.ts';
import { writeSafetensors } from '../../huggingface/weights/safetensors/write-safetensors.ts';
import type { WeightInfo } from '../../huggingface/weights/weight.ts';
import type { Task } from '../tasks/task.ts';
import { headName, isHead } from './task-weights.ts';

const modelClasses = {
  classification: 'BertForSequenceClassification',
  regression: 'BertForSequenceClassification',
  choice: 'BertForMultipleChoice',
  span: 'BertForQuestionAnswering',
} as const;

export interface FineTunedWeights {
  readonly variables: readonly Variable[];
  /** Row-major numbers of a variable, as the forward pass takes them. */
  read(variable: number): Float32Array;
}

/** `classes`: names of the labels, for a task that has such. One weight at a time is in memory. */
export function saveModel(
  directory: string,
  model: Model,
  { kind }: Task,
  classes: readonly string[] | undefined,
  { variables, read }: FineTunedWeights,
): void {
  mkdirSync(directory, { recursive: true });
  const config = JSON.parse(readFileSync(join(model.directory, 'config.json'), 'utf8')) as Record<string, unknown>;
  const labels = kind === 'regression' ? ['LABEL_0'] : classes;
  const described = {
    ...config,
    architectures: [modelClasses[kind]],
    ...(kind === 'regression' && { problem_type: 'regression' }),
    ...(labels !== undefined && {
      id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    }),
  };
  writeFileSync(join(directory, 'config.json'), `${JSON.stringify(described, undefined, 2)}\n`);
  for (const file of ['vocab.txt', 'tokenizer_config.json', 'special_tokens_map.json']) {
    const from = join(model.directory, file);
    if (existsSync(from)) copyFileSync(from, join(directory, file));
  }
  const weights = variables.map((variable) => weightOf(variable, headName(kind)));
  writeSafetensors(join(directory, 'model.safetensors'), weights, ({ shape, transposed }, i) =>
    transposed ? transpose(read(i), shape[1]!, shape[0]!) : read(i),
  );
}

function weightOf(variable: Variable, head: string): WeightInfo {
  if (!isHead(variable)) return modelTensor(variable);
  const transposed = variable.key.endsWith('/kernel');
  return {
    name: `${head}.${transposed ? 'weight' : 'bias'}`,
    shape: transposed ? variable.shape.toReversed() : variable.shape,
    transposed,
  };
}
