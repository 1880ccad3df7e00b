/** A thread that carries weights from a checkpoint to the places that weight files have for them. */
import { crc32 } from 'node:zlib';
import { openCheckpoint } from '../../bert/training/checkpoint.ts';
import { serveJobs } from '../../threads/workers.ts';
import { createTransposer } from '../transpose/transposer.ts';
import { openFileSink } from '../weights/file-sink.ts';
import { elementsOf, type LaidOut } from '../weights/weight.ts';
import type { ModelWeight } from './model-weights.ts';

export interface ConvertSetup {
  readonly checkpoint: string;
  readonly files: readonly Omit<LaidOut, 'finish'>[];
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

serveJobs<ConvertSetup, ModelWeight, ConvertAnswer>(({ checkpoint: path, files }) => {
  const checkpoint = openCheckpoint(path);
  const transposer = createTransposer();
  const sinks = files.map(({ path, holds, offsets }) => ({ holds, offsets, sink: openFileSink(path, 'r+') }));
  const weightSinks = sinks.filter(({ holds }) => holds === 'weights');
  const kernelSinks = sinks.filter(({ holds }) => holds === 'kernels');

  /** What appends to a weight in each of the files. */
  function writerTo(those: typeof sinks, { name }: ModelWeight): (piece: Uint8Array) => void {
    let done = 0;
    return (piece) => {
      for (const { sink, offsets } of those) sink.writeAt(offsets.get(name)! + done, piece);
      done += piece.length;
    };
  }

  function carryKernel(weight: ModelWeight): number {
    const [columns, rows] = weight.shape as [number, number];
    const kernel = transposer.matrix(4 * elementsOf(weight));
    const room = (offset: number, length: number) => kernel.subarray(offset, offset + length);
    const writeKernel = writerTo(kernelSinks, weight);
    for (const piece of checkpoint.weightPieces(weight.variable, room)) writeKernel(piece);
    const writeWeight = writerTo(weightSinks, weight);
    let checksum = 0;
    for (const band of transposer.bands(rows, columns)) {
      writeWeight(band);
      checksum = crc32(band, checksum);
    }
    return checksum;
  }

  function carryAsItIs(weight: ModelWeight): number {
    const room = (_: number, length: number) => transposer.matrix(length);
    const write = writerTo(sinks, weight);
    let checksum = 0;
    for (const piece of checkpoint.weightPieces(weight.variable, room)) {
      write(piece);
      checksum = crc32(piece, checksum);
    }
    return checksum;
  }

  return (weight) => {
    try {
      return { value: { name: weight.name, checksum: weight.transposed ? carryKernel(weight) : carryAsItIs(weight) } };
    } catch (error) {
      // An error loses its name and code on the way between threads.
      const { name, message, code, path } = error as NodeJS.ErrnoException;
      return { value: { failure: { name, message, code, path } } };
    }
  };
});
