/** Where the data stood when a checkpoint was written: a small file beside it, which TensorFlow ignores. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { DataPosition } from '../../pretraining/records/read-batches.ts';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';

const fileOf = (prefix: string) => `${prefix}.position.json`;

export function writePosition(prefix: string, position: DataPosition | undefined): void {
  if (position !== undefined) writeFileSync(fileOf(prefix), `${JSON.stringify(position)}\n`, { flush: true });
}

/** Undefined for a checkpoint of Model Garden, which keeps no position. */
export function readPosition(prefix: string): DataPosition | undefined {
  if (!existsSync(fileOf(prefix))) return undefined;
  const { epoch, index } = JSON.parse(readFileSync(fileOf(prefix), 'utf8')) as Partial<DataPosition>;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(index)) {
    throw new CheckpointError(`${fileOf(prefix)} is damaged: remove it to go on with the data from its beginning`);
  }
  return { epoch: epoch!, index: index! };
}
