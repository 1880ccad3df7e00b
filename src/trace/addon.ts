/** The parts of tfjs-node's native addon and backend that tracing touches. They are the same from TensorFlow.js 3 to 4.22. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../devices/device.ts';

export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: AttributeValue | readonly AttributeValue[];
}

export type AttributeValue = boolean | number | string | readonly number[] | null;

export type TensorValues = Float32Array | Int32Array | Uint8Array;

export interface Binding {
  createTensor(shape: number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorValues;
  executeOp(op: string, attributes: OpAttribute[], inputIds: number[], outputs: number): TensorMetadata[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputIds: number[], inputNames: string, outputNames: string): TensorMetadata[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

export interface NodeBackend {
  binding: Binding;
  /** By a tensor's `dataId`: where its numbers are. `values` until they are uploaded. */
  readonly tensorMap: {
    get(dataId: object): { shape: number[]; dtype: number; values: TensorValues | null; id: number };
  };
  /** Uploads what is still on the host. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
}

export function nodeBackend(tf: Tensorflow): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}
