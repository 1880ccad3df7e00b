/** Reads tf_model.h5. HDF5's library only says where the weights are, in a thread that can be ended. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ModelError } from '../../model-error.ts';
import { asPytorch, type Kept } from '../kernels.ts';
import { extentFile, type TensorExtent, type TensorFile, withAccess } from '../tensor-file.ts';
import type { ListReply } from './list-worker.ts';
import { nameOfKerasName } from './tensorflow-names.ts';

/** A damaged file can lead the library round in circles; a whole one is listed in a fraction of a second. */
const patienceMs = 60_000;

export function readTensorflow(path: string, patience = patienceMs): Promise<TensorFile> {
  return withAccess(path, async (access) => {
    const extents = await listed(path, patience);
    for (const [keras, { offset, length }] of extents) {
      if (offset + length > access.size) throw new ModelError(`${path} does not hold all of ${keras}`);
    }
    const names = [...extents.keys()].flatMap((key): [string, Kept][] => {
      const known = nameOfKerasName(key);
      return known === undefined ? [] : [[known.name, { key, transposed: known.transposed }]];
    });
    return asPytorch(extentFile(access, extents), new Map(names));
  });
}

async function listed(path: string, patience: number): Promise<ReadonlyMap<string, TensorExtent>> {
  const module = new URL(`./list-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
  const worker = new Worker(module, { workerData: path, stdout: true, stderr: true });
  try {
    const [reply] = (await once(worker, 'message', { signal: AbortSignal.timeout(patience) })) as [ListReply];
    if ('refused' in reply) throw new ModelError(reply.refused);
    return reply.extents;
  } catch (error) {
    if (error instanceof ModelError) throw error;
    // The thread was ended, ended itself, or ran out of memory.
    throw new ModelError(`${path} is not a whole HDF5 file: the library does not get through it`);
  } finally {
    await worker.terminate();
  }
}
