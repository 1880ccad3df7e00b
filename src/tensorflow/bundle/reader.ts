/** Reads tensor bundles (TensorFlow's checkpoint format V2) without TensorFlow: `PREFIX.index` and `PREFIX.data-SSSSS-of-NNNNN`. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { crc32c, maskCrc32c, maskedCrc32c } from '../crc32c.ts';
import { decodeEntry, decodeHeader, type TensorEntry } from './entry.ts';
import { CheckpointError } from './error.ts';
import { stringsChecksum } from './strings.ts';
import { readTable } from './table.ts';

export interface Bundle {
  readonly prefix: string;
  /** By name, in the order of the index (sorted). */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Little-endian bytes of one tensor, checked against its CRC. Throws `CheckpointError` that names the tensor and the file. */
  read(name: string): Buffer;
  /** A tensor of dtype float32. */
  readFloats(name: string): Float32Array;
  /**
   * The bytes of a tensor of dtype float32 by pieces, each read into `room(offset, length)`, so that they need no memory of their own. Behind
   * the last one it throws if their CRC is wrong.
   */
  floatPieces(name: string, room: PieceRoom): Generator<Uint8Array>;
  close(): void;
}

/** Memory of `length` bytes for the piece that begins at a tensor's byte `offset`. */
export type PieceRoom = (offset: number, length: number) => Uint8Array;

/** Small enough that the nearest cache still holds a piece when it is used, large enough for the system to be called seldom. */
const pieceBytes = 2 ** 19;

/** Opens a bundle by its prefix, e.g. `model_dir/ckpt-1000`. Only the index is read; data files when their tensors are. */
export function openBundle(prefix: string): Bundle {
  const index = `${prefix}.index`;
  const table = readTable(readIndex(index), index);
  const header = table.get('');
  if (header === undefined) throw new CheckpointError(`${index} has no header`);
  const { shards } = decodeHeader(header, index);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, bytes] of table) if (name !== '') tensors.set(name, decodeEntry(bytes, name, index));

  const files = new Map<number, number>();
  const dataFile = (shard: number) => `${prefix}.data-${pad5(shard)}-of-${pad5(shards)}`;
  const open = (shard: number): number => {
    const known = files.get(shard);
    if (known !== undefined) return known;
    const file = openData(dataFile(shard));
    files.set(shard, file);
    return file;
  };
  const locate = (name: string): LocatedTensor => {
    const entry = tensors.get(name);
    if (entry === undefined) throw new CheckpointError(`${prefix} has no tensor ${name}`);
    const file = open(entry.shard);
    const path = dataFile(entry.shard);
    // Asked before anything is allocated, so that a forged size costs nothing.
    if (entry.offset + entry.size > fstatSync(file).size) {
      throw new CheckpointError(`${path} is truncated: tensor ${name} ends at byte ${entry.offset + entry.size}`);
    }
    return { name, entry, file, path };
  };
  const read = (name: string): Buffer => {
    const tensor = locate(name);
    const { dtype, shape, size } = tensor.entry;
    const bytes = Buffer.allocUnsafeSlow(size);
    readFully(tensor, bytes, 0);
    compareChecksum(tensor, dtype === 'string' ? stringsChecksum(bytes, shape) : maskedCrc32c(bytes));
    return bytes;
  };
  const checkFloats = (name: string): void => {
    const dtype = tensors.get(name)?.dtype;
    if (dtype !== undefined && dtype !== 'float32')
      throw new CheckpointError(`${prefix}: tensor ${name} is ${dtype}, not float32`);
  };
  return {
    prefix,
    tensors,
    read,
    readFloats(name) {
      checkFloats(name);
      const bytes = read(name);
      return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    },
    *floatPieces(name, room) {
      checkFloats(name);
      const tensor = locate(name);
      const { size } = tensor.entry;
      let checksum = 0;
      for (let offset = 0; offset < size; offset += pieceBytes) {
        const piece = room(offset, Math.min(pieceBytes, size - offset));
        readFully(tensor, piece, offset);
        checksum = crc32c(piece, 0, piece.length, checksum);
        yield piece;
      }
      compareChecksum(tensor, maskCrc32c(checksum));
    },
    close() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
}

interface LocatedTensor {
  readonly name: string;
  readonly entry: TensorEntry;
  readonly file: number;
  readonly path: string;
}

/** Fills `bytes` with what a tensor has from `offset` on. */
function readFully({ entry, file, path }: LocatedTensor, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, bytes.length - done, entry.offset + offset + done);
    if (count === 0) throw new CheckpointError(`${path} became shorter while it was read`);
    done += count;
  }
}

/** `checksum`: of what was read; undefined where it is not even the form of a tensor. */
function compareChecksum({ name, entry, path }: LocatedTensor, checksum: number | undefined): void {
  if (checksum !== entry.checksum)
    throw new CheckpointError(`${path} is damaged: the checksum of tensor ${name} is wrong`);
}

export function pad5(number: number): string {
  return String(number).padStart(5, '0');
}

function readIndex(index: string): Uint8Array {
  try {
    return readFileSync(index);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CheckpointError(`There is no checkpoint ${index}`);
    throw error;
  }
}

function openData(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CheckpointError(`${path} is missing: the checkpoint's index names it`);
  }
}
