/**
 * Operations of TensorFlow by name, through the backend of tfjs-node: those that TensorFlow.js has no function for. They run eagerly, and
 * are recorded in a trace like any other.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tensorflow } from './device.ts';

/** TensorFlow's numbers for types (DataType of types.proto). */
const types = { float: 1, int32: 3, int16: 5, bool: 10 } as const;

/** Of types, by name, or booleans. */
export type NativeAttributes = Readonly<Record<string, keyof typeof types | boolean>>;

export interface AttributeNumbers {
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
}

interface NativeBackend {
  readonly binding: AttributeNumbers & {
    executeOp(op: string, attributes: readonly object[], ids: readonly number[], outputs: number): { id: number }[];
    deleteTensor(id: number): void;
  };
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(metadata: { id: number }): Tensor;
}

/** Attributes as the addon takes them. */
export function encodeAttributes(attributes: NativeAttributes, { TF_ATTR_TYPE, TF_ATTR_BOOL }: AttributeNumbers) {
  return Object.entries(attributes).map(([name, value]) =>
    typeof value === 'boolean'
      ? { name, type: TF_ATTR_BOOL, value }
      : { name, type: TF_ATTR_TYPE, value: types[value] as number },
  );
}

/** Runs one operation on tensors of `tf`, whose backend is tfjs-node's. */
export function native(
  tf: Tensorflow,
  op: string,
  attributes: NativeAttributes,
  inputs: readonly Tensor[],
  outputs = 1,
): Tensor[] {
  const backend = tf.backend() as unknown as NativeBackend;
  const ids = backend.getInputTensorIds(inputs);
  const made = backend.binding.executeOp(op, encodeAttributes(attributes, backend.binding), ids, outputs);
  return made.map((metadata) => backend.createOutputTensor(metadata));
}

/** An operation on values of any type, known by the addon's ids. */
export type NativeStep = (op: string, attributes: NativeAttributes, ...ids: number[]) => number;

/** Several operations, between which may lie values of types that TensorFlow.js does not know; `body` returns the id of the last. */
export function nativeSteps(
  tf: Tensorflow,
  inputs: readonly Tensor[],
  body: (step: NativeStep, ...ids: number[]) => number,
): Tensor {
  const backend = tf.backend() as unknown as NativeBackend;
  const { binding } = backend;
  const made = new Map<number, { id: number }>();
  const step: NativeStep = (op, attributes, ...ids) => {
    const [metadata] = binding.executeOp(op, encodeAttributes(attributes, binding), ids, 1);
    made.set(metadata!.id, metadata!);
    return metadata!.id;
  };
  const last = body(step, ...backend.getInputTensorIds(inputs));
  for (const id of made.keys()) if (id !== last) binding.deleteTensor(id);
  return backend.createOutputTensor(made.get(last)!);
}
