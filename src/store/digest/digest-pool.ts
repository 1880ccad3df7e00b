import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { compiledFolder } from '../../compiled-folder.ts';
import type { Digest } from '../result.ts';
import type { SizedFile } from './digest-file.ts';
import type { WorkerReply } from './digest-worker.ts';

interface Batch {
  readonly files: readonly SizedFile[];
  done(digests: readonly Digest[]): void;
  fail(error: Error): void;
}

/** Small files travel together, so that messages do not cost more than the reading. */
const batchBytes = 8 * 2 ** 20;
const batchFiles = 256;

const waiting: Batch[] = [];
const idle: Worker[] = [];
let started = 0;

/** Digests files on worker threads, one per core, shared by the whole process and started when first needed. */
export async function digestInWorkers(files: readonly SizedFile[]): Promise<Digest[]> {
  const batches = inBatches(files).map(
    (batch) => new Promise<readonly Digest[]>((done, fail) => waiting.push({ files: batch, done, fail })),
  );
  while (waiting.length > 0 && (idle.length > 0 || started < availableParallelism())) {
    assign(idle.pop() ?? startWorker(), waiting.shift()!);
  }
  return (await Promise.all(batches)).flat();
}

function inBatches(files: readonly SizedFile[]): SizedFile[][] {
  const batches: SizedFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    const last = batches.at(-1);
    if (last === undefined || last.length === batchFiles || bytes + file.size > batchBytes) {
      batches.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return batches;
}

function startWorker(): Worker {
  started++;
  const worker = new Worker(join(compiledFolder, 'src/store/digest/digest-worker.js'));
  worker.unref();
  return worker;
}

/** A busy worker keeps the process alive, an idle one does not. */
function assign(worker: Worker, batch: Batch): void {
  const lost = (error: Error) => {
    started--;
    batch.fail(error);
  };
  worker.ref();
  worker.once('error', lost);
  worker.once('message', (reply: WorkerReply) => {
    worker.off('error', lost);
    worker.unref();
    if ('digests' in reply) batch.done(reply.digests);
    else batch.fail(Object.assign(new Error(reply.error.message), reply.error));
    const next = waiting.shift();
    if (next === undefined) idle.push(worker);
    else assign(worker, next);
  });
  worker.postMessage(batch.files);
}
