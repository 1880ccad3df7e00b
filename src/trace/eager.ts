/** The same functions as a trace's, run eagerly: for backends that cannot be traced, and to check the trace against. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../devices/device.ts';
import type { TensorValues } from './addon.ts';
import type { Program, TracedFunction } from './trace.ts';

export function eagerProgram(
  tf: Tensorflow,
  variables: readonly Variable[],
  functions: Readonly<Record<string, TracedFunction>>,
): Program {
  for (const { inputs } of Object.values(functions)) tf.dispose({ ...inputs });
  return {
    operations: 0,
    call(name, inputs) {
      const outputs = functions[name]!.run(inputs);
      const values = Object.entries(outputs).map(([output, tensor]) => [output, taken(tensor)] as const);
      return Object.fromEntries(values);
    },
    read: (i) => variables[i]!.dataSync() as TensorValues,
    write(i, values) {
      variables[i]!.assign(tf.reshape(values, variables[i]!.shape));
    },
    dispose: () => undefined,
  };
}

function taken(tensor: Tensor): TensorValues {
  const values = tensor.dataSync() as TensorValues;
  tensor.dispose();
  return values;
}
