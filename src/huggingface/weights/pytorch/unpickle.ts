/** Reads a pickle as far as a PyTorch state dict needs one: dicts, lists, tuples, strings, numbers, and PyTorch's tensors. */
import { called, globalNamed, type Refuse, refuseWith, storageOf, type Value } from './torch-objects.ts';

export interface Unpickled {
  readonly value: Value;
  /** Where the pickle ends in the bytes. */
  readonly end: number;
}

/** A tensor takes about forty; each may make an object that takes a hundred times its one byte in the pickle. */
const maxOperations = 1 << 18;

/** One pickle from `bytes[begin, …)`. Throws `ModelError` for every operation and global that a state dict does not need. */
export function unpickle(bytes: Buffer, path: string, begin = 0): Unpickled {
  const refuse = refuseWith(path);
  const source = byteSource(bytes, begin, refuse);
  const stack = valueStack(refuse);
  for (let count = 0; count < maxOperations; count++) {
    const code = String.fromCharCode(source.take(1).readUInt8());
    if (code === '.') return { value: stack.pop(), end: source.position() };
    const operation = operations[code];
    if (operation === undefined) return refuse(`its pickle has the operation ${JSON.stringify(code)}`);
    operation(source, stack, refuse);
  }
  return refuse(`its pickle has more than ${maxOperations} operations`);
}

type Source = ReturnType<typeof byteSource>;
type Stack = ReturnType<typeof valueStack>;

function byteSource(bytes: Buffer, begin: number, refuse: Refuse) {
  let at = begin;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) return refuse('its pickle is truncated');
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    position: () => at,
    take,
    text: (length: number) => take(length).toString('utf8'),
    /** To the next line feed. */
    line(): string {
      const end = bytes.indexOf(0x0a, at);
      if (end < 0) return refuse('its pickle is truncated');
      const line = bytes.toString('utf8', at, end);
      at = end + 1;
      return line;
    },
  };
}

/** The stack of a pickle, with its marks, and its memo. */
function valueStack(refuse: Refuse) {
  const values: Value[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Value>();
  const damaged: () => never = () => refuse('its pickle is damaged');
  const pop = (): Value => (values.length > (marks.at(-1) ?? 0) ? values.pop()! : damaged());
  const top = (): Value => (values.length > (marks.at(-1) ?? 0) ? values.at(-1)! : damaged());
  return {
    push: (value: Value) => void values.push(value),
    pop,
    top,
    popMany: (length: number): Value[] => Array.from({ length }, pop).reverse(),
    mark: () => void marks.push(values.length),
    /** All above the last mark, which goes. */
    popMark(): Value[] {
      const mark = marks.pop();
      return mark === undefined ? damaged() : values.splice(mark);
    },
    memoize: (index: number) => void memo.set(index, top()),
    memoized: () => memo.size,
    recall(index: number): void {
      const value = memo.get(index);
      values.push(value === undefined ? damaged() : value);
    },
    /** Keys and values in turn, into the dict on top. */
    setItems(items: readonly Value[]): void {
      const target = top();
      if (!(target instanceof Map) || items.length % 2 !== 0) damaged();
      for (let i = 0; i < items.length; i += 2) target.set(items[i]!, items[i + 1]!);
    },
    append(items: readonly Value[]): void {
      const target = top();
      if (!Array.isArray(target)) damaged();
      for (const item of items) target.push(item);
    },
  };
}

type Operation = (source: Source, stack: Stack, refuse: Refuse) => void;

/** By their codes (Lib/pickletools.py of CPython). */
const operations: Readonly<Record<string, Operation>> = {
  // PROTO, FRAME
  '\x80': (source) => void source.take(1),
  '\x95': (source) => void source.take(8),
  // EMPTY_DICT, EMPTY_LIST, EMPTY_TUPLE, MARK
  '}': (_, stack) => stack.push(new Map()),
  ']': (_, stack) => stack.push([]),
  ')': (_, stack) => stack.push([]),
  '(': (_, stack) => stack.mark(),
  // NONE, NEWTRUE, NEWFALSE
  N: (_, stack) => stack.push(null),
  '\x88': (_, stack) => stack.push(true),
  '\x89': (_, stack) => stack.push(false),
  // BININT1, BININT2, BININT, LONG1, BINFLOAT
  K: (source, stack) => stack.push(source.take(1).readUInt8()),
  M: (source, stack) => stack.push(source.take(2).readUInt16LE()),
  J: (source, stack) => stack.push(source.take(4).readInt32LE()),
  '\x8a': (source, stack) => stack.push(longOf(source.take(source.take(1).readUInt8()))),
  G: (source, stack) => stack.push(source.take(8).readDoubleBE()),
  // BINUNICODE, SHORT_BINUNICODE
  X: (source, stack) => stack.push(source.text(source.take(4).readUInt32LE())),
  '\x8c': (source, stack) => stack.push(source.text(source.take(1).readUInt8())),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  q: (source, stack) => stack.memoize(source.take(1).readUInt8()),
  r: (source, stack) => stack.memoize(source.take(4).readUInt32LE()),
  '\x94': (_, stack) => stack.memoize(stack.memoized()),
  h: (source, stack) => stack.recall(source.take(1).readUInt8()),
  j: (source, stack) => stack.recall(source.take(4).readUInt32LE()),
  // TUPLE1, TUPLE2, TUPLE3, TUPLE
  '\x85': (_, stack) => stack.push(stack.popMany(1)),
  '\x86': (_, stack) => stack.push(stack.popMany(2)),
  '\x87': (_, stack) => stack.push(stack.popMany(3)),
  t: (_, stack) => stack.push(stack.popMark()),
  // GLOBAL, STACK_GLOBAL, BINPERSID, REDUCE
  c: (source, stack, refuse) => stack.push(globalNamed(`${source.line()} ${source.line()}`, refuse)),
  '\x93': (_, stack, refuse) => {
    const [module, name] = stack.popMany(2);
    // A list here could hold itself many times over: nothing but text is made into text.
    if (typeof module !== 'string' || typeof name !== 'string') return refuse('its pickle is damaged');
    stack.push(globalNamed(`${module} ${name}`, refuse));
  },
  Q: (_, stack, refuse) => stack.push(storageOf(stack.pop(), refuse)),
  R: (_, stack, refuse) => {
    const args = stack.pop();
    stack.push(called(stack.pop(), args, refuse));
  },
  // BUILD: of an OrderedDict `_metadata`, the versions of modules, which say nothing of the numbers.
  b: (_, stack, refuse) => {
    stack.pop();
    if (!(stack.top() instanceof Map)) refuse('its pickle sets the state of an object');
  },
  // SETITEM, SETITEMS, APPEND, APPENDS
  s: (_, stack) => stack.setItems(stack.popMany(2)),
  u: (_, stack) => stack.setItems(stack.popMark()),
  a: (_, stack) => stack.append(stack.popMany(1)),
  e: (_, stack) => stack.append(stack.popMark()),
};

/** Two's complement, little-endian. */
function longOf(bytes: Buffer): number | bigint {
  const value = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
