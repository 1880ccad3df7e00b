import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { groupsBySize } from '../../src/trace/groups.ts';
import { type TracedFunction, trace } from '../../src/trace/trace.ts';
import { tensorflow } from '../devices/tensorflow.ts';

const skip = tensorflow === undefined && 'kumiki setup tensorflow was not run';
const { tf } = tensorflow ?? ({} as NonNullable<typeof tensorflow>);

const vector = (...values: number[]): Tensor => tf.tensor1d(values);

/** A program of one function, `run`, over variables that begin as 1, 2, 3. */
function traced(run: (variables: readonly Variable[]) => TracedFunction['run'], count = 1) {
  const variables = Array.from({ length: count }, () => tf.variable(vector(1, 2, 3)));
  return trace(tf, variables, { run: { inputs: { x: vector(0, 0, 0) }, run: run(variables) } });
}

test('variables keep what a call assigns, and begin as they were before recording', { skip }, async () => {
  const program = traced(([v]) => ({ x }) => {
    v!.assign(tf.add(v!, x!));
    return { sum: tf.keep(tf.sum(v!)) };
  });
  assert.deepEqual([...(await program.snapshot())(0)], [1, 2, 3]);
  assert.deepEqual([...(await program.call('run', { x: vector(1, 1, 1) })).sum!], [9]);
  assert.deepEqual([...(await program.call('run', { x: vector(0, 0, 1) })).sum!], [10]);
  assert.deepEqual([...(await program.snapshot())(0)], [2, 3, 5]);
  program.write(0, vector(7, 8, 9));
  assert.deepEqual([...(await program.snapshot())(0)], [7, 8, 9]);
  program.dispose();
});

test('updates in place run after the reads, in their order', { skip }, async () => {
  const program = traced(([v]) => ({ x }, update) => {
    const before = tf.keep(tf.sum(v!));
    update!('AssignSubVariableOp', { dtype: 'float' }, [v!], [x!]);
    update!('AssignVariableOp', { dtype: 'float' }, [v!], [tf.mul(x!, 2)]);
    return { before };
  });
  assert.deepEqual([...(await program.call('run', { x: vector(1, 1, 4) })).before!], [6]);
  assert.deepEqual([...(await program.snapshot())(0)], [2, 2, 8]);
  program.dispose();
});

test('reading numbers inside a traced function is refused', { skip }, () => {
  assert.throws(
    () =>
      traced(([v]) => () => ({ first: tf.keep(tf.scalar(v!.dataSync()[0]!)) })),
    /read numbers back to the host/,
  );
});

test('a tensor from outside is refused', { skip }, () => {
  const outside = tf.square(vector(1, 2, 3));
  assert.throws(
    () =>
      traced(([v]) => () => ({ sum: tf.keep(tf.add(v!, outside)) })),
    /neither its input nor a variable/,
  );
});

test('a variable cannot be assigned and updated in place', { skip }, () => {
  assert.throws(
    () =>
      traced(([v]) => ({ x }, update) => {
        update!('AssignVariableOp', { dtype: 'float' }, [v!], [x!]);
        v!.assign(x!);
        return { x: tf.keep(tf.clone(x!)) };
      }),
    /assigned a variable that it also updated/,
  );
});

test('recording holds one tensor of a shape, however many the function makes', { skip }, async () => {
  const [side, results] = [1024, 100]; // 4 MiB each
  const variable = tf.variable(tf.ones([side, side]));
  const before = process.resourceUsage().maxRSS;
  const program = trace(tf, [variable], {
    run: {
      inputs: { x: tf.ones([side, side]) },
      run: ({ x }) =>
        tf.tidy(() => {
          let last = x!;
          for (let i = 0; i < results; i++) last = tf.add(last, variable);
          return { mean: tf.keep(tf.mean(last)) };
        }),
    },
  });
  const grownMebibytes = (process.resourceUsage().maxRSS - before) / 1024;
  assert.ok(grownMebibytes < 100, `recording took ${grownMebibytes} MiB`);
  const { mean } = await program.call('run', { x: tf.ones([side, side]) });
  assert.deepEqual([...mean!], [results + 1]);
  program.dispose();
});

test('groups keep the order and stay below the limit, save for what alone is above it', () => {
  const mebibytes = (sizes: number[]) => groupsBySize(sizes.map((size) => size * 2 ** 20));
  assert.deepEqual(mebibytes([30, 30, 10, 100, 1, 1]), [[0, 1], [2], [3], [4, 5]]);
  assert.deepEqual(mebibytes([]), []);
});
