/** A thread that carries weights from a checkpoint to the places that weight files have for them. */
import { crc32 } from 'node:zlib';
import { openCheckpoint } from '../../bert/training/checkpoint.ts';
import { serveJobs } from '../../threads/workers.ts';
import { transpose } from '../tensor-names.ts';
import { openFileSink } from '../weights/file-sink.ts';
import { bytesOf, type LaidOut } from '../weights/weight.ts';
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
  const sinks = files.map(({ path, holds, offsets }) => ({ holds, offsets, sink: openFileSink(path, 'r+'), path }));

  function carry({ name, shape, transposed, variable }: ModelWeight): number {
    const kernel = checkpoint.weight(variable);
    const values = transposed ? transpose(kernel, shape[1]!, shape[0]!) : kernel;
    for (const { holds, offsets, sink } of sinks) {
      sink.writeAt(offsets.get(name)!, bytesOf(holds === 'weights' ? values : kernel));
    }
    return crc32(bytesOf(values));
  }

  return (weight) => {
    try {
      return { value: { name: weight.name, checksum: carry(weight) } };
    } catch (error) {
      // An error loses its name and code on the way between threads.
      const { name, message, code, path } = error as NodeJS.ErrnoException;
      return { value: { failure: { name, message, code, path } } };
    }
  };
});
