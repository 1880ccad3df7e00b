/** Where fine-tuning starts: a pretrained model's encoder and pooler, and a fresh or given output layer. */
import type { Variable } from '../../bert/model/variables.ts';
import { initialWeights } from '../../bert/training/initial-weights.ts';
import { type Model, readVariable } from '../../huggingface/open-model.ts';
import { transpose } from '../../huggingface/transpose/transpose.ts';
import { readSafetensors } from '../../huggingface/weights/safetensors/read-safetensors.ts';
import { asFloats } from '../../huggingface/weights/tensor-type.ts';
import { JglueError } from '../jglue-error.ts';
import { headName, isHead, isPooler } from '../model/task-weights.ts';
import type { TaskKind } from '../tasks/task.ts';

export interface StartingWeights {
  /** Row-major numbers, as the forward pass takes them. */
  valuesOf(variable: Variable): Float32Array;
  /** Parts that the model does not have, and that start fresh. */
  readonly fresh: readonly string[];
}

/** `head`: a safetensors file with `classifier.weight` [outputs, H] and `.bias` (`qa_outputs` for spans). */
export async function startingWeights(
  model: Model,
  kind: TaskKind,
  head: string | undefined,
  seed: number,
): Promise<StartingWeights> {
  const given = head === undefined ? undefined : await readHead(head, kind);
  const lacksPooler = kind !== 'span' && !model.tensors.has('bert.pooler.dense.weight');
  const range = model.config.architecture.initializerRange;
  return {
    fresh: [...(lacksPooler ? ['pooler'] : []), ...(given === undefined ? ['output layer'] : [])],
    valuesOf(variable) {
      if (isHead(variable)) return given?.(variable) ?? initialWeights(variable, range, seed);
      if (lacksPooler && isPooler(variable)) {
        const initial = variable.initial === 'truncated-normal' ? 'normal' : variable.initial;
        return initialWeights({ ...variable, initial }, range, seed);
      }
      return readVariable(model, variable);
    },
  };
}

async function readHead(path: string, kind: TaskKind): Promise<(variable: Variable) => Float32Array> {
  const file = await readSafetensors(path);
  const values = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  for (const parameter of ['weight', 'bias']) {
    const name = `${headName(kind)}.${parameter}`;
    const info = file.tensors.get(name);
    const floats = info && asFloats(info.dtype, file.read(name));
    if (floats === undefined)
      throw new JglueError(`${path} has no floating-point tensor ${name}: it is no head for this task`);
    values.set(parameter, floats);
    shapes.set(parameter, info!.shape);
  }
  file.close();
  return ({ key, shape }) => {
    const parameter = key.endsWith('/kernel') ? 'weight' : 'bias';
    const wanted = parameter === 'weight' ? shape.toReversed() : shape;
    if (String(shapes.get(parameter)) !== String(wanted)) {
      throw new JglueError(
        `${path}: ${headName(kind)}.${parameter} has shape [${shapes.get(parameter)}] where the task needs [${wanted}]`,
      );
    }
    const floats = values.get(parameter)!;
    return parameter === 'weight' ? transpose(floats, wanted[0]!, wanted[1]!) : floats;
  };
}
