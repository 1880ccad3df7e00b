/** A worker thread that digests the files it is sent, one batch at a time. */
import { parentPort } from 'node:worker_threads';
import type { Digest } from '../result.ts';
import type { SizedFile } from './digest-file.ts';
import { digestFileSync } from './digest-file.ts';

export type WorkerReply = { readonly digests: readonly Digest[] } | { readonly error: NodeJS.ErrnoException };

parentPort?.on('message', (files: readonly SizedFile[]) => {
  parentPort?.postMessage(reply(files));
});

function reply(files: readonly SizedFile[]): WorkerReply {
  try {
    return { digests: files.map((file) => digestFileSync(file.path, file.size)) };
  } catch (error) {
    const { message, code, path, syscall } = error as NodeJS.ErrnoException;
    return { error: { name: 'Error', message, code, path, syscall } };
  }
}
