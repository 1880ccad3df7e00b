/** The same functions as a trace's, run eagerly: for backends that cannot be traced, and to check the trace against. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../devices/device.ts';
import type { TensorValues } from './addon.ts';
import type { Program, Snapshot, TracedFunction } from './trace.ts';

export function eagerProgram(
  tf: Tensorflow,
  variables: readonly Variable[],
  functions: Readonly<Record<string, TracedFunction>>,
): Program {
  for (const { inputs } of Object.values(functions)) tf.dispose({ ...inputs });
  return {
    operations: 0,
    async call(name, inputs) {
      const outputs = functions[name]!.run(inputs);
      const values = Object.entries(outputs).map(async ([output, tensor]) => [output, await taken(tensor)] as const);
      return Object.fromEntries(await Promise.all(values));
    },
    snapshot: () => snapshotOf(tf, variables),
    write(i, values) {
      variables[i]!.assign(tf.reshape(values, variables[i]!.shape));
    },
    dispose: () => undefined,
  };
}

async function taken(tensor: Tensor): Promise<TensorValues> {
  const values = (await tensor.data()) as TensorValues;
  tensor.dispose();
  return values;
}

/** Where numbers can be had at once, each variable's when it is asked for: not all of them need be in memory. */
async function snapshotOf(tf: Tensorflow, variables: readonly Variable[]): Promise<Snapshot> {
  if (tf.getBackend() !== 'webgpu') return (i) => variables[i]!.dataSync() as TensorValues;
  const values = await Promise.all(variables.map((variable) => variable.data()));
  return (i) => values[i] as TensorValues;
}
