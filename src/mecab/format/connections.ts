import { DictionaryError } from './dictionary-error.ts';

/** `matrix.bin`: cost of a left node's right id beside a right node's left id, at `rightId + leftSize × leftId`. */
export interface Connections {
  readonly leftSize: number;
  readonly rightSize: number;
  readonly costs: Int16Array;
}

/** Reads the matrix in place. Throws DictionaryError if its size is not what its first four bytes say. */
export function readConnections(file: string, buffer: SharedArrayBuffer): Connections {
  if (buffer.byteLength < 4) throw new DictionaryError(file, `no connection matrix: only ${buffer.byteLength} bytes`);
  const [leftSize = 0, rightSize = 0] = new Uint16Array(buffer, 0, 2);
  const expected = 4 + 2 * leftSize * rightSize;
  if (buffer.byteLength !== expected) {
    throw new DictionaryError(
      file,
      `${buffer.byteLength} bytes; a matrix of ${leftSize} × ${rightSize} has ${expected}`,
    );
  }
  if (expected === 4) throw new DictionaryError(file, 'the matrix is empty');
  return { leftSize, rightSize, costs: new Int16Array(buffer, 4) };
}
