import { StageError } from '../src/stage/index.ts';

/** Names of the errors that a user can cause; by name, so that no stage loads what only another one needs. */
const expected = new Set([
  'CheckpointError',
  'CloudTpuError',
  'ConfigError',
  'DeviceError',
  'DictionaryError',
  'FetchError',
  'JglueError',
  'ModelError',
  'ModelGardenError',
  'PretrainingError',
  'RecordError',
  'RemoteError',
  'TextError',
  'TrainingError',
]);

/** Runs a stage's work; what a user or the system caused fails as `StageError`, with its message and without a stack. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (expected.has(error.name)) throw new StageError(error.message);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC') throw new StageError(`${path ?? 'a file'}: the disk is full. Make room and run again.`);
    if (code !== undefined && path !== undefined) throw new StageError(error.message);
    throw error;
  }
}
