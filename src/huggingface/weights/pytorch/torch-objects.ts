/**
 * What a PyTorch state dict is made of besides plain values. A global is only a name that is compared: no function is ever looked up, so
 * a pickle that wants to run something is refused.
 */
import { ModelError } from '../../model-error.ts';
import type { TensorType } from '../tensor-type.ts';

/** A tensor's elements: an entry of the archive. */
export interface Storage {
  readonly dtype: TensorType;
  readonly key: string;
  readonly elements: number;
}

/** A view of a storage; offset and strides count elements. */
export interface StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const storageTypes: Readonly<Record<string, TensorType>> = {
  'torch DoubleStorage': 'float64',
  'torch FloatStorage': 'float32',
  'torch HalfStorage': 'float16',
  'torch BFloat16Storage': 'bfloat16',
  'torch LongStorage': 'int64',
  'torch IntStorage': 'int32',
  'torch ShortStorage': 'int16',
  'torch CharStorage': 'int8',
  'torch ByteStorage': 'uint8',
  'torch BoolStorage': 'bool',
};

const callables = [
  'collections OrderedDict',
  'torch._utils _rebuild_tensor_v2',
  'torch._utils _rebuild_parameter',
] as const;

export class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Tensor implements StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor({ storage, offset, shape, strides }: StoredTensor) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

export class StorageReference implements Storage {
  readonly dtype: TensorType;
  readonly key: string;
  readonly elements: number;
  constructor(dtype: TensorType, key: string, elements: number) {
    this.dtype = dtype;
    this.key = key;
    this.elements = elements;
  }
}

/** Values of a pickle as they are here. A dict is a Map, a tuple and a list are arrays. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Value[]
  | Map<Value, Value>
  | Global
  | StorageReference
  | Tensor;

/** Says why, in the form that all refusals of a pickle have. */
export type Refuse = (why: string) => never;

export function refuseWith(path: string): Refuse {
  return (why) => {
    throw new ModelError(`${path} is refused: ${why}. Only tensors are read from a pickle`);
  };
}

export function globalNamed(name: string, refuse: Refuse): Global {
  if (!Object.hasOwn(storageTypes, name) && !callables.some((callable) => callable === name)) {
    refuse(`its pickle asks for ${JSON.stringify(name.slice(0, 100))}`);
  }
  return new Global(name);
}

/**
 * ('storage', type, key, location, number of elements): torch.save's persistent ids. In files from before PyTorch 1.6 a sixth says which part of
 * another storage this is, None where it is one of its own.
 */
export function storageOf(id: Value, refuse: Refuse): StorageReference {
  if (!Array.isArray(id)) return refuse('its pickle has a persistent id of another kind');
  const [kind, type, key, , elements, view = null] = id;
  const dtype = type instanceof Global ? storageTypes[type.name] : undefined;
  if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isNatural(elements)) {
    return refuse('its pickle has a persistent id of another kind');
  }
  if (view !== null) return refuse('its pickle has a storage that is a part of another');
  return new StorageReference(dtype, key, elements);
}

/** What calling a global gives: an empty dict, or a tensor. */
export function called(callable: Value, args: Value, refuse: Refuse): Value {
  const name = callable instanceof Global ? callable.name : undefined;
  if (!Array.isArray(args)) return refuse('its pickle is damaged');
  if (name === 'collections OrderedDict' && args.length === 0) return new Map();
  if (name === 'torch._utils _rebuild_parameter' && args[0] instanceof Tensor) return args[0];
  if (name === 'torch._utils _rebuild_tensor_v2') {
    const [storage, offset, shape, strides] = args;
    if (storage instanceof StorageReference && isNatural(offset) && isNaturals(shape) && isNaturals(strides)) {
      return new Tensor({ storage, offset, shape, strides });
    }
  }
  return refuse('its pickle calls something with arguments that no tensor has');
}

/** The tensors of a state dict, by name. */
export function tensorsIn(value: Value): Map<string, StoredTensor> {
  if (!(value instanceof Map)) return new Map();
  return new Map(
    [...value].flatMap(([name, tensor]): [string, StoredTensor][] =>
      typeof name === 'string' && tensor instanceof Tensor ? [[name, tensor]] : [],
    ),
  );
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isNatural);
}
