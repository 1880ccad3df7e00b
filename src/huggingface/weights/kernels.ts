import { transposeInto } from '../transpose/transpose.ts';
import type { TensorFile } from './tensor-file.ts';
import { elementBytes, type TensorInfo } from './tensor-type.ts';

/** Where a file of TensorFlow or Flax keeps a tensor of the PyTorch model, and whether it is a kernel [in, out] there. */
export interface Kept {
  readonly key: string;
  readonly transposed: boolean;
}

/** The same file by the PyTorch model's names, with its kernels as weights [out, in]. */
export function asPytorch(file: TensorFile, names: ReadonlyMap<string, Kept>): TensorFile {
  const infoOf = ({ key, transposed }: Kept): TensorInfo => {
    const info = file.tensors.get(key)!;
    return transposed ? { ...info, shape: info.shape.toReversed() } : info;
  };
  return {
    path: file.path,
    tensors: new Map([...names].map(([name, kept]) => [name, infoOf(kept)])),
    read(name) {
      const { key, transposed } = names.get(name) ?? { key: name, transposed: false };
      const bytes = file.read(key);
      const { dtype, shape } = file.tensors.get(key)!;
      return transposed && shape.length === 2 ? transposedElements(bytes, shape, elementBytes[dtype]) : bytes;
    },
    close: file.close,
  };
}

/** Arrays for elements of 1, 2, 4 and 8 bytes: only their bits are moved. */
const arrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

function transposedElements(
  bytes: Buffer,
  [rows = 0, columns = 0]: readonly number[],
  size: keyof typeof arrays,
): Buffer {
  const result = Buffer.allocUnsafeSlow(bytes.length);
  const elements = ({ buffer, byteOffset }: Buffer): { [index: number]: unknown } =>
    new arrays[size](buffer as ArrayBuffer, byteOffset, bytes.length / size);
  transposeInto(elements(result), elements(bytes), rows, columns);
  return result;
}
