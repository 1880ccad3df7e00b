import { ConfigError } from '../src/bert/training/config.ts';
import { TrainingError } from '../src/bert/training/pretrain.ts';
import { DeviceError } from '../src/devices/open-device.ts';
import { DictionaryError } from '../src/mecab/index.ts';
import { PretrainingError } from '../src/pretraining/pretraining-error.ts';
import { StageError } from '../src/stage/index.ts';
import { CheckpointError } from '../src/tensorflow/bundle/error.ts';
import { RecordError } from '../src/tensorflow/tfrecord.ts';
import { TextError } from '../src/text/text-error.ts';

const expected = [
  CheckpointError,
  ConfigError,
  DeviceError,
  DictionaryError,
  PretrainingError,
  RecordError,
  TextError,
  TrainingError,
];

/** Runs a stage's work; what a user or the system caused fails as `StageError`, with its message and without a stack. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (expected.some((kind) => error instanceof kind)) throw new StageError(error.message);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new StageError(`${path ?? 'a file'}: the disk is full. Make room and run again.`);
    if (code !== undefined && path !== undefined) throw new StageError(error.message);
    throw error;
  }
}
