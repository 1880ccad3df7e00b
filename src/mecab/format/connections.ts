import { DictionaryError } from './dictionary-error.ts';

/** `matrix.bin`: cost of a left node's right id beside a right node's left id, at `rightId + leftSize × leftId`. */
export interface Connections {
  readonly leftSize: number;
  readonly rightSize: number;
  readonly costs: Int16Array;
}

export const HEADER_BYTES = 4;

/** Reads the matrix in place. Throws DictionaryError if its size is not what its first four bytes say. */
export function readConnections(file: string, bytes: Uint8Array): Connections {
  if (bytes.length < HEADER_BYTES) throw new DictionaryError(file, `no connection matrix: only ${bytes.length} bytes`);
  const [leftSize = 0, rightSize = 0] = new Uint16Array(bytes.buffer, bytes.byteOffset, 2);
  const expected = HEADER_BYTES + 2 * leftSize * rightSize;
  if (bytes.length !== expected) {
    throw new DictionaryError(file, `${bytes.length} bytes; a matrix of ${leftSize} × ${rightSize} has ${expected}`);
  }
  if (expected === HEADER_BYTES) throw new DictionaryError(file, 'the matrix is empty');
  return {
    leftSize,
    rightSize,
    costs: new Int16Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, leftSize * rightSize),
  };
}
