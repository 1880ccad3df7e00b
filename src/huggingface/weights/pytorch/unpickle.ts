/**
 * Reads the pickle of a PyTorch state dict, and nothing else: dicts, tuples, strings, numbers, and the four globals of which such a file
 * is made. A global is only a name that is compared; no function is ever looked up, so a pickle that wants to run something is refused.
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

class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

class Tensor implements StoredTensor {
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

class StorageReference implements Storage {
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
type Value =
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

export interface Unpickled {
  readonly value: unknown;
  /** Where the pickle ends in the bytes. */
  readonly end: number;
}

/** One pickle from `bytes[begin, …)`. Throws `ModelError` for every operation and global that a state dict does not need. */
export function unpickle(bytes: Buffer, path: string, begin = 0): Unpickled {
  const refuse: (why: string) => never = (why) => {
    throw new ModelError(`${path} is refused: ${why}. Only tensors are read from a pickle`);
  };
  let at = begin;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) refuse('its pickle is truncated');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const takeLine = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) refuse('its pickle is truncated');
    const line = bytes.toString('utf8', at, end);
    at = end + 1;
    return line;
  };

  const stack: Value[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Value>();
  const pop = (): Value => {
    if (stack.length <= (marks.at(-1) ?? 0)) refuse('its pickle is damaged');
    return stack.pop()!;
  };
  const popMark = (): Value[] => {
    const mark = marks.pop();
    return mark === undefined ? refuse('its pickle is damaged') : stack.splice(mark);
  };
  const top = (): Value => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    stack.push(value === undefined ? refuse('its pickle is damaged') : value);
  };
  const memoize = (index: number): void => void memo.set(index, top());
  const tuple = (length: number): void => {
    const items = Array.from({ length }, pop).reverse();
    stack.push(items);
  };
  const pushGlobal = (name: string): void => {
    if (!Object.hasOwn(storageTypes, name) && !callables.some((callable) => callable === name)) {
      refuse(`its pickle asks for ${JSON.stringify(name.slice(0, 100))}`);
    }
    stack.push(new Global(name));
  };
  const setItems = (items: Value[]): void => {
    const target = top();
    if (!(target instanceof Map) || items.length % 2 !== 0) refuse('its pickle is damaged');
    for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!);
  };
  const append = (items: readonly Value[]): void => {
    const target = top();
    if (!Array.isArray(target)) refuse('its pickle is damaged');
    for (const item of items) target.push(item);
  };

  /** ('storage', type, key, location, number of elements): torch.save's persistent ids. */
  const storage = (id: Value): StorageReference => {
    if (!Array.isArray(id)) return refuse('its pickle has a persistent id of another kind');
    const [kind, type, key, , elements] = id;
    const dtype = type instanceof Global ? storageTypes[type.name] : undefined;
    if (kind !== 'storage' || dtype === undefined || typeof key !== 'string' || !isNatural(elements)) {
      return refuse('its pickle has a persistent id of another kind');
    }
    return new StorageReference(dtype, key, elements);
  };

  const call = (callable: Value, args: Value): Value => {
    const name = callable instanceof Global ? callable.name : undefined;
    if (!Array.isArray(args)) return refuse('its pickle is damaged');
    if (name === 'collections OrderedDict' && args.length === 0) return new Map();
    if (name === 'torch._utils _rebuild_parameter' && args[0] instanceof Tensor) return args[0];
    if (name === 'torch._utils _rebuild_tensor_v2') {
      const [from, offset, shape, strides] = args;
      if (from instanceof StorageReference && isNatural(offset) && isNaturals(shape) && isNaturals(strides)) {
        return new Tensor({ storage: from, offset, shape, strides });
      }
    }
    return refuse('its pickle calls something with arguments that no tensor has');
  };

  const operations: Readonly<Record<number, () => void>> = {
    [code('\x80')]: () => void take(1), // PROTO
    [code('\x95')]: () => void take(8), // FRAME
    [code('}')]: () => void stack.push(new Map()),
    [code(']')]: () => void stack.push([]),
    [code(')')]: () => void stack.push([]),
    [code('(')]: () => void marks.push(stack.length),
    [code('N')]: () => void stack.push(null),
    [code('\x88')]: () => void stack.push(true),
    [code('\x89')]: () => void stack.push(false),
    [code('K')]: () => void stack.push(take(1).readUInt8()),
    [code('M')]: () => void stack.push(take(2).readUInt16LE()),
    [code('J')]: () => void stack.push(take(4).readInt32LE()),
    [code('\x8a')]: () => void stack.push(longOf(take(take(1).readUInt8()))),
    [code('G')]: () => void stack.push(take(8).readDoubleBE()),
    [code('X')]: () => void stack.push(take(take(4).readUInt32LE()).toString('utf8')),
    [code('\x8c')]: () => void stack.push(take(take(1).readUInt8()).toString('utf8')),
    [code('q')]: () => memoize(take(1).readUInt8()),
    [code('r')]: () => memoize(take(4).readUInt32LE()),
    [code('\x94')]: () => memoize(memo.size),
    [code('h')]: () => recall(take(1).readUInt8()),
    [code('j')]: () => recall(take(4).readUInt32LE()),
    [code('\x85')]: () => tuple(1),
    [code('\x86')]: () => tuple(2),
    [code('\x87')]: () => tuple(3),
    [code('t')]: () => void stack.push(popMark()),
    [code('c')]: () => pushGlobal(`${takeLine()} ${takeLine()}`),
    [code('\x93')]: () => {
      const [name, module] = [pop(), pop()];
      pushGlobal(`${String(module)} ${String(name)}`);
    },
    [code('Q')]: () => void stack.push(storage(pop())),
    [code('R')]: () => {
      const args = pop();
      stack.push(call(pop(), args));
    },
    // The state of an OrderedDict: `_metadata`, the versions of modules, which say nothing of the numbers.
    [code('b')]: () => {
      pop();
      if (!(top() instanceof Map)) refuse('its pickle sets the state of an object');
    },
    [code('s')]: () => {
      const value = pop();
      setItems([pop(), value]);
    },
    [code('u')]: () => setItems(popMark()),
    [code('a')]: () => append([pop()]),
    [code('e')]: () => append(popMark()),
  };

  for (;;) {
    const operation = take(1).readUInt8();
    if (operation === code('.')) return { value: pop(), end: at };
    (operations[operation] ?? (() => refuse(`its pickle has the operation 0x${operation.toString(16)}`)))();
  }
}

/** The tensors of an unpickled state dict, by name. */
export function tensorsIn(value: unknown): Map<string, StoredTensor> {
  if (!(value instanceof Map)) return new Map();
  return new Map([...value].filter(([name, tensor]) => typeof name === 'string' && tensor instanceof Tensor));
}

function code(character: string): number {
  return character.charCodeAt(0);
}

/** Two's complement, little-endian. */
function longOf(bytes: Buffer): number | bigint {
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isNatural);
}
