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

function transposedElements(bytes: Buffer, [rows = 0, columns = 0]: readonly number[], size: number): Buffer {
  const result = Buffer.allocUnsafeSlow(bytes.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const from = (i * columns + j) * size;
      bytes.copy(result, (j * rows + i) * size, from, from + size);
    }
  }
  return result;
}
