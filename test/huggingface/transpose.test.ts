import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { transpose } from '../../src/huggingface/transpose/transpose.ts';
import { createTransposer } from '../../src/huggingface/transpose/transposer.ts';

/** Bits of any kind: those of a NaN too must arrive. */
const matrixOf = (rows: number, columns: number) =>
  Uint32Array.from({ length: rows * columns }, (_, i) => Math.imul(i + 1, 2654435761));

function plain(matrix: Uint32Array, rows: number, columns: number): Uint32Array {
  return Uint32Array.from(matrix, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]!);
}

test('bands are the rows of the transposed matrix, for sides of any length, one matrix after another', () => {
  const transposer = createTransposer();
  const side = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 900 }));
  fc.assert(
    fc.property(side, side, (rows, columns) => {
      const matrix = matrixOf(rows, columns);
      transposer.matrix(matrix.byteLength).set(new Uint8Array(matrix.buffer));
      const bands = Array.from(transposer.bands(rows, columns), (band) => Buffer.from(band));
      assert.deepEqual(Buffer.concat(bands), Buffer.from(plain(matrix, rows, columns).buffer));
    }),
    { numRuns: 60 },
  );
});

test('an array in memory is transposed the same', () => {
  for (const [rows, columns] of [
    [1, 1],
    [3, 70],
    [33, 32],
    [64, 65],
  ] as const) {
    const matrix = Float32Array.from({ length: rows * columns }, (_, i) => i);
    const wanted = matrix.map((_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)]!);
    assert.deepEqual(transpose(matrix, rows, columns), wanted);
  }
});
