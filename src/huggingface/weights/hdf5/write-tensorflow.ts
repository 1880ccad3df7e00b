/** Writes tf_model.h5 in a thread of its own, which works on one weight while the caller gets the next. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { OpenWriter } from '../weight.ts';
import type { Hdf5Job, Hdf5Reply, Hdf5Setup } from './hdf5-worker.ts';

/** `write` takes the weight's kernel away from the caller: give it to the other writers first. */
export const writeTensorflow: OpenWriter = (path, weights) => {
  const module = new URL(`./hdf5-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
  const worker = new Worker(module, { workerData: { path, weights } satisfies Hdf5Setup });
  let last: Promise<void> = Promise.resolve();
  const submit = async (job: Hdf5Job): Promise<void> => {
    worker.postMessage(job, job === 'finish' ? [] : [job.kernel.buffer as ArrayBuffer]);
    // Rejects with the thread's own error if it ends without an answer.
    const [{ error }] = (await once(worker, 'message')) as [Hdf5Reply];
    if (error) throw Object.assign(new Error(error.message), { code: error.code, path: error.path });
  };
  return {
    async write({ name, shape, transposed, kernel }) {
      await last;
      last = submit({ weight: { name, shape, transposed }, kernel });
      last.catch(() => {}); // Thrown by the next call.
    },
    async finish() {
      await last;
      await submit('finish');
      await worker.terminate();
    },
    abort: async () => void (await worker.terminate()),
  };
};
