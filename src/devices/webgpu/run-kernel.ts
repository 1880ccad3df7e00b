/** Kernels of our own on TensorFlow.js' WebGPU backend: for what takes it a dozen kernels, or the host. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../device.ts';

export interface Kernel {
  /** Tells kernels apart: the body and the inputs' names must follow from it. */
  readonly name: string;
  /** What the body knows each input as: a flat array. */
  readonly inputs: readonly string[];
  /** Numbers that change from call to call, as `uniforms.name`. */
  readonly numbers?: Readonly<Record<string, 'i32' | 'f32'>>;
  /** Functions that the body calls. */
  readonly functions?: string;
  /** WGSL that computes the result's number `index` and gives it to `setOutputAtIndex(index, …)`. */
  readonly body: string;
}

/** The parts of @tensorflow/tfjs-backend-webgpu 4 that this uses. */
interface WebgpuBackend {
  runWebGPUProgram(
    program: object,
    inputs: readonly Tensor[],
    dtype: 'float32',
    numbers: readonly { type: 'int32' | 'float32'; data: readonly number[] }[],
  ): Parameters<ReturnType<Tensorflow['engine']>['makeTensorFromTensorInfo']>[0];
}

const workgroup = 64;

/** Runs a kernel once for each number of a result of this shape. `numbers`: in the order that the kernel names them. */
export function runKernel(
  tf: Tensorflow,
  { name, inputs, numbers = {}, functions = '', body }: Kernel,
  shape: readonly number[],
  given: readonly Tensor[],
  values: readonly number[] = [],
): Tensor {
  const types = Object.entries(numbers);
  const program = {
    outputShape: [...shape],
    variableNames: inputs,
    ...(types.length > 0 && { uniforms: types.map(([each, type]) => `${each} : ${type},`).join(' ') }),
    workgroupSize: [workgroup, 1, 1],
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(shape.reduce((product, extent) => product * extent, 1) / workgroup), 1, 1],
    shaderKey: `kumiki ${name}`,
    size: true,
    getUserCode: () => `${functions}\nfn main(index : i32) { if (index < uniforms.size) { ${body} } }`,
  };
  const backend = tf.backend() as unknown as WebgpuBackend;
  const uniforms = types.map(([, type], i) => ({
    type: type === 'i32' ? ('int32' as const) : ('float32' as const),
    data: [values[i]!],
  }));
  const made = backend.runWebGPUProgram(program, given, 'float32', uniforms);
  return tf.engine().makeTensorFromTensorInfo(made) as Tensor;
}
