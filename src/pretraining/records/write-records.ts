import { open } from 'node:fs/promises';
import { startWorkers, type Workers } from '../../threads/workers.ts';
import { slotWords } from '../instances/instance-slots.ts';
import { withPath } from '../with-path.ts';
import type { RecordOptions } from './record-encoder.ts';
import type { RecordSetup } from './record-worker.ts';

const workerModule = new URL('./record-worker.js', import.meta.url);

/** Size of a part of the file, uncompressed; the same on any number of threads, since a part is a gzip member. */
const partBytes = 2 << 20;

export type RecordWorkers = Workers<Uint32Array, Uint8Array>;

export function startRecordWorkers(setup: RecordSetup, threads: number): RecordWorkers {
  return startWorkers(workerModule, setup, threads);
}

/**
 * Writes the slots' records to a TFRecord file in their order, encoded and compressed by the workers.
 * `onWritten` is told how many instances were written since it was last told.
 */
export async function writeRecords(
  path: string,
  slots: AsyncIterable<Uint32Array>,
  { maxSeqLength, maxMasks }: RecordOptions,
  workers: RecordWorkers,
  onWritten: (instances: number) => void,
): Promise<void> {
  const words = slotWords(maxMasks);
  const roughRecordBytes = 4 * maxSeqLength + 8 * maxMasks + 200;
  const partWords = Math.ceil(partBytes / roughRecordBytes) * words;
  const file = await open(path, 'w');
  const sizes: number[] = [];

  async function* parts() {
    for await (const part of regrouped(slots, partWords)) {
      sizes.push(part.length / words);
      yield { value: part, transfer: [part.buffer] };
    }
  }

  try {
    for await (const bytes of workers.map(parts())) {
      await withPath(path, () => file.writeFile(bytes));
      onWritten(sizes.shift()!);
    }
  } finally {
    await file.close();
  }
}

/** The same words in parts of `length`, save the last, each in a buffer of its own. */
async function* regrouped(
  blocks: AsyncIterable<Uint32Array>,
  length: number,
): AsyncGenerator<Uint32Array<ArrayBuffer>> {
  let part = new Uint32Array(length);
  let filled = 0;
  for await (const block of blocks) {
    for (let at = 0; at < block.length; ) {
      const piece = block.subarray(at, at + length - filled);
      part.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled < length) continue;
      yield part;
      part = new Uint32Array(length);
      filled = 0;
    }
  }
  if (filled > 0) yield part.slice(0, filled);
}
