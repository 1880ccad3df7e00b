/** The bytes of one tensor in a data file of a bundle. What the index says of them is all that reading them needs, in any thread. */
import { openSync, readSync } from 'node:fs';
import { crc32c, maskCrc32c } from '../crc32c.ts';
import { CheckpointError } from './error.ts';

export interface StoredTensor {
  readonly name: string;
  /** Of the data file. */
  readonly path: string;
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** Masked CRC-32C. */
  readonly checksum: number;
}

/** Memory of `length` bytes for the piece that begins at a tensor's byte `offset`. */
export type PieceRoom = (offset: number, length: number) => Uint8Array;

/** Small enough that the nearest cache still holds a piece when it is used, large enough for the system to be called seldom. */
const pieceBytes = 2 ** 19;

/** A descriptor of a data file. Throws `CheckpointError` if there is none. */
export function openDataFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CheckpointError(`${path} is missing: the checkpoint's index names it`);
  }
}

/**
 * The bytes of a tensor by pieces, each read into `room(offset, length)`, so that they need no memory of their own. Behind the last one it
 * throws if their CRC is wrong.
 */
export function* storedPieces(tensor: StoredTensor, file: number, room: PieceRoom): Generator<Uint8Array> {
  let checksum = 0;
  for (let offset = 0; offset < tensor.size; offset += pieceBytes) {
    const piece = room(offset, Math.min(pieceBytes, tensor.size - offset));
    readStored(tensor, file, piece, offset);
    checksum = crc32c(piece, 0, piece.length, checksum);
    yield piece;
  }
  compareChecksum(tensor, maskCrc32c(checksum));
}

/** Fills `bytes` with what a tensor has from its byte `offset` on. */
export function readStored(
  { path, offset: begin }: StoredTensor,
  file: number,
  bytes: Uint8Array,
  offset: number,
): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, begin + offset + done);
    if (count === 0) throw new CheckpointError(`${path} became shorter while it was read`);
    done += count;
  }
}

/** `checksum`: of what was read, masked; undefined where it is not even the form of a tensor. */
export function compareChecksum(tensor: StoredTensor, checksum: number | undefined): void {
  if (checksum !== tensor.checksum)
    throw new CheckpointError(`${tensor.path} is damaged: the checksum of tensor ${tensor.name} is wrong`);
}
