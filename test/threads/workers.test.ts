import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWorkers } from '../../src/threads/workers.ts';
import type { SquaresSetup } from './squares.ts';

const gate = new Int32Array(new SharedArrayBuffer(4));
const module = new URL('./squares.js', import.meta.url);
const squares = (threads: number) =>
  startWorkers<number, number, SquaresSetup>(module, { offset: 1000, gate }, threads);

async function answersTo(jobs: readonly number[], threads: number): Promise<number[]> {
  const workers = squares(threads);
  try {
    const answers: number[] = [];
    for await (const answer of workers.map(jobs.map((value) => ({ value })))) answers.push(answer);
    return answers;
  } finally {
    await workers.close();
  }
}

test('answers come in the order of the jobs, whoever finishes first', async () => {
  const jobs = Array.from({ length: 40 }, (_, i) => i % 13);
  const expected = jobs.map((job) => job * job + 1000);
  assert.deepEqual(await answersTo(jobs, 3), expected);
  assert.deepEqual(await answersTo(jobs, 1), expected);
  assert.deepEqual(await answersTo([], 2), []);
});

test('where order does not matter, no answer waits for that of an earlier job', async () => {
  const workers = squares(2);
  const jobs = [100, ...Array.from({ length: 20 }, (_, i) => 2 * i + 15)];
  const answers: number[] = [];
  for await (const answer of workers.mapUnordered(jobs.map((value) => ({ value })))) {
    answers.push(answer);
    if (answers.length < 10) continue;
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  }
  await workers.close();
  const ascending = (a: number, b: number) => a - b;
  assert.deepEqual(answers.toSorted(ascending), jobs.map((job) => job * job + 1000).toSorted(ascending));
});

test('what goes wrong is thrown where order does not matter, too', async () => {
  const workers = squares(2);
  await assert.rejects(workers.mapUnordered([{ value: -3 }, { value: -4 }]).next(), /no square of -[34]/);
  await workers.close();
});

test('what a worker throws is thrown to who asked', async () => {
  await assert.rejects(answersTo([1, 2, -3, 4, 5, 6, 7], 2), { name: 'RangeError', message: 'no square of -3' });
});

test('a worker that dies ends the work with an error', async () => {
  await assert.rejects(answersTo([1, 13, 2, 3, 4, 5], 2), /ended with code 13/);
});

test('what goes wrong with the setup is thrown before any job is done', async () => {
  const setup = Promise.reject(new Error('no setup'));
  const workers = startWorkers<number, number, SquaresSetup>(module, setup, 2);
  await assert.rejects(workers.map([{ value: 1 }]).next(), /no setup/);
  await workers.close();
});
