/** Writes tf_model.h5. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LayOut } from '../weight.ts';
import type { Hdf5Reply, Hdf5Setup } from './lay-out-worker.ts';

export const layOutTensorflow: LayOut = async (path, weights) => {
  const module = new URL(`./lay-out-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
  const worker = new Worker(module, { workerData: { path, weights } satisfies Hdf5Setup });
  // Rejects with the thread's own error if it ends without an answer.
  const [reply] = (await once(worker, 'message')) as [Hdf5Reply];
  await worker.terminate();
  if ('failure' in reply) throw Object.assign(new Error(reply.failure.message), reply.failure);
  return { path, holds: 'kernels', offsets: reply.offsets };
};
