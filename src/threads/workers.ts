/** Worker threads that answer jobs: many at work at once. */
import { parentPort, type Transferable, Worker } from 'node:worker_threads';

/** What goes to the other thread: a value, and the buffers in it that are handed over instead of copied. */
export interface Parcel<T> {
  readonly value: T;
  readonly transfer?: readonly Transferable[];
}

export type Jobs<Job> = Iterable<Parcel<Job>> | AsyncIterable<Parcel<Job>>;

export interface Workers<Job, Answer> {
  /** Answers in the order of the jobs. At most two jobs a thread are taken before their answers are. */
  map(jobs: Jobs<Job>): AsyncGenerator<Answer>;
  /** Answers as they come, so that no thread waits behind a long job of another's. As many jobs are taken ahead. */
  mapUnordered(jobs: Jobs<Job>): AsyncGenerator<Answer>;
  close(): Promise<void>;
}

/**
 * Starts `threads` workers on a module that calls `serveJobs`, each with its own copy of `setup`
 * (what lies in SharedArrayBuffers is shared); they load their module while `setup` is still on its way.
 * An error thrown while answering, or by `setup`, is thrown by `map`.
 */
export function startWorkers<Job, Answer, Setup = unknown>(
  module: URL,
  setup: Setup | Promise<Setup>,
  threads: number,
): Workers<Job, Answer> {
  const workers = Array.from({ length: threads }, () => startWorker<Job, Answer>(module));
  const ready = Promise.resolve(setup).then((value) => {
    for (const worker of workers) worker.setUp(value);
  });
  ready.catch(() => {}); // Thrown by `map`.

  function submit(job: Parcel<Job>): Promise<Answer> {
    const idlest = workers.reduce((best, worker) => (worker.pending() < best.pending() ? worker : best));
    const answer = idlest.submit(job);
    answer.catch(() => {}); // Thrown when it is asked for; until then it is not an unhandled one.
    return answer;
  }

  return {
    async *map(jobs) {
      await ready;
      const answers: Promise<Answer>[] = [];
      for await (const job of jobs) {
        answers.push(submit(job));
        if (answers.length === 2 * threads) yield await answers.shift()!;
      }
      for (const answer of answers) yield await answer;
    },
    async *mapUnordered(jobs) {
      await ready;
      const answers = new Map<Parcel<Job>, Promise<[Parcel<Job>, Answer]>>();
      const next = async (): Promise<Answer> => {
        const [job, answer] = await Promise.race(answers.values());
        answers.delete(job);
        return answer;
      };
      for await (const job of jobs) {
        const answered = submit(job).then((answer): [Parcel<Job>, Answer] => [job, answer]);
        answered.catch(() => {}); // As in submit.
        answers.set(job, answered);
        if (answers.size === 2 * threads) yield await next();
      }
      while (answers.size > 0) yield await next();
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: unknown };

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

function startWorker<Job, Answer>(module: URL) {
  const worker = new Worker(module);
  const waiting: Waiting<Answer>[] = [];
  let ended: Error | undefined;

  function end(error: Error): void {
    ended ??= error;
    for (const { reject } of waiting.splice(0)) reject(ended);
  }
  worker.on('message', (reply: Reply<Answer>) => {
    const first = waiting.shift();
    if ('error' in reply) first?.reject(reply.error);
    else first?.resolve(reply.answer);
  });
  worker.on('error', end);
  worker.on('exit', (code) => end(new Error(`a worker thread ended with code ${code}`)));

  return {
    pending: () => waiting.length,
    setUp: (setup: unknown) => worker.postMessage(setup),
    submit({ value, transfer = [] }: Parcel<Job>): Promise<Answer> {
      return new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        waiting.push({ resolve, reject });
        worker.postMessage(value, transfer);
      });
    },
    close: () => worker.terminate(),
  };
}

/** Called once by a worker's module: `prepare` turns the setup into the function that answers jobs. */
export function serveJobs<Setup, Job, Answer>(prepare: (setup: Setup) => (job: Job) => Parcel<Answer>): void {
  const port = parentPort!;
  port.once('message', (setup: Setup) => {
    const answer = prepare(setup);
    port.on('message', (job: Job) => {
      try {
        const { value, transfer = [] } = answer(job);
        port.postMessage({ answer: value } satisfies Reply<Answer>, transfer);
      } catch (error) {
        port.postMessage({ error } satisfies Reply<Answer>);
      }
    });
  });
}
