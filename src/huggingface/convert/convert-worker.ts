/** A thread that carries weights from a checkpoint to the places that weight files have for them. */
import { crc32 } from 'node:zlib';
import { openDataFile, type StoredTensor, storedPieces } from '../../tensorflow/bundle/stored-tensor.ts';
import { serveJobs } from '../../threads/workers.ts';
import { createTransposer } from '../transpose/transposer.ts';
import { type FileSink, openFileSink } from '../weights/file-sink.ts';
import { elementsOf, type LaidOut, type WeightInfo } from '../weights/weight.ts';

export interface ConvertJob {
  readonly weight: WeightInfo;
  readonly tensor: StoredTensor;
  readonly places: readonly Place[];
}

/** Where a weight goes in one of the files. */
export interface Place extends Pick<LaidOut, 'path' | 'holds'> {
  readonly offset: number;
}

/** The CRC-32 of the weight, [out, in], or what went wrong. */
export type ConvertAnswer =
  | { readonly name: string; readonly checksum: number }
  | {
      readonly failure: {
        readonly name: string;
        readonly message: string;
        readonly code?: string | undefined;
        readonly path?: string | undefined;
      };
    };

serveJobs<undefined, ConvertJob, ConvertAnswer>(() => {
  const transposer = createTransposer();
  const dataFileAt = openedOnce(openDataFile);
  const sinkAt = openedOnce((path) => openFileSink(path, 'r+'));

  /** What appends to a weight in each of the files. */
  function writerTo(places: readonly Place[]): (piece: Uint8Array) => void {
    const files = places.map(({ path, offset }): [FileSink, number] => [sinkAt(path), offset]);
    let done = 0;
    return (piece) => {
      for (const [sink, offset] of files) sink.writeAt(offset + done, piece);
      done += piece.length;
    };
  }

  function carryKernel({ weight, tensor, places }: ConvertJob): number {
    const [columns, rows] = weight.shape as [number, number];
    const kernel = transposer.matrix(4 * elementsOf(weight));
    const room = (offset: number, length: number) => kernel.subarray(offset, offset + length);
    const writeKernel = writerTo(places.filter(({ holds }) => holds === 'kernels'));
    for (const piece of storedPieces(tensor, dataFileAt(tensor.path), room)) writeKernel(piece);
    const weightPlaces = places.filter(({ holds }) => holds === 'weights');
    return written(transposer.bands(rows, columns), weightPlaces);
  }

  function carryAsItIs({ tensor, places }: ConvertJob): number {
    const room = (_: number, length: number) => transposer.matrix(length);
    return written(storedPieces(tensor, dataFileAt(tensor.path), room), places);
  }

  /** Writes the pieces of a weight; their CRC-32. */
  function written(pieces: Iterable<Uint8Array>, places: readonly Place[]): number {
    const write = writerTo(places);
    let checksum = 0;
    for (const piece of pieces) {
      write(piece);
      checksum = crc32(piece, checksum);
    }
    return checksum;
  }

  return (job) => {
    try {
      const checksum = job.weight.transposed ? carryKernel(job) : carryAsItIs(job);
      return { value: { name: job.weight.name, checksum } };
    } catch (error) {
      // An error loses its name and code on the way between threads.
      const { name, message, code, path } = error as NodeJS.ErrnoException;
      return { value: { failure: { name, message, code, path } } };
    }
  };
});

function openedOnce<T>(open: (path: string) => T): (path: string) => T {
  const opened = new Map<string, T>();
  return (path) => {
    const file = opened.get(path) ?? open(path);
    opened.set(path, file);
    return file;
  };
}
