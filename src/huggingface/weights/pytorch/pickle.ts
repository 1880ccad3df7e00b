/** The pickle of a state dict as torch.save writes it (protocol 2), with the least operations: what `torch.load(weights_only=True)` takes. */

export interface PickledTensor {
  readonly name: string;
  readonly storageType: 'FloatStorage' | 'LongStorage';
  /** Entry of the archive that holds the elements. */
  readonly key: string;
  readonly shape: readonly number[];
}

export function pickleStateDict(tensors: readonly PickledTensor[]): Buffer {
  return Buffer.concat([
    operation('\x80\x02}('), // PROTO 2, EMPTY_DICT, MARK
    ...tensors.flatMap((tensor) => [text(tensor.name), pickledTensor(tensor)]),
    operation('u.'), // SETITEMS, STOP
  ]);
}

/** torch._utils._rebuild_tensor_v2(storage, offset 0, shape, strides, requires_grad False, hooks OrderedDict()) */
function pickledTensor({ storageType, key, shape }: PickledTensor): Buffer {
  const elements = shape.reduce((product, extent) => product * extent, 1);
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    operation('('),
    // ('storage', type, key, 'cpu', elements) as a persistent id
    operation('('),
    text('storage'),
    global('torch', storageType),
    text(key),
    text('cpu'),
    integer(elements),
    operation('tQ'),
    integer(0),
    integers(shape),
    integers(rowMajorStrides(shape)),
    operation('\x89'), // NEWFALSE
    global('collections', 'OrderedDict'),
    operation(')R'),
    operation('tR'),
  ]);
}

function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
}

function operation(codes: string): Buffer {
  return Buffer.from(codes, 'latin1');
}

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.alloc(5, 'X');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT holds 31 bits; a larger one is LONG1. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(value < 2 ** 31 ? 5 : 10);
  if (value < 2 ** 31) {
    bytes.write('J', 'latin1');
    bytes.writeInt32LE(value, 1);
  } else {
    bytes.write('\x8a\x08', 'latin1');
    bytes.writeBigInt64LE(BigInt(value), 2);
  }
  return bytes;
}

function integers(values: readonly number[]): Buffer {
  return Buffer.concat([operation('('), ...values.map(integer), operation('t')]);
}
