// The transposing of dense weights in AssemblyScript: `npm run build:kernels` compiles it into transpose-band.ts.

/** Of a side, in elements: what a tile reads and writes are whole cache lines, of which the nearest cache holds all. */
const TILE: usize = 16;

/**
 * Rows [begin, end) of the transposed matrix: of `matrix`, float32 [rows, columns], the columns from `begin` to `end`, each written as a
 * row of `rows` elements from `to` on.
 */
export function transposeBand(matrix: usize, rows: usize, columns: usize, begin: usize, end: usize, to: usize): void {
  for (let top: usize = 0; top < rows; top += TILE) {
    const bottom = min(top + TILE, rows);
    for (let left = begin; left < end; left += TILE) {
      transposeTile(matrix, rows, columns, top, bottom, left, min(left + TILE, end), to - ((begin * rows) << 2));
    }
  }
}

// @ts-ignore: decorator
@inline
function transposeTile(matrix: usize, rows: usize, columns: usize, top: usize, bottom: usize, left: usize, right: usize, to: usize): void {
  let j = left;
  for (; j + 4 <= right; j += 4) {
    let i = top;
    for (; i + 4 <= bottom; i += 4) {
      transposeFour(matrix + ((i * columns + j) << 2), columns << 2, to + ((j * rows + i) << 2), rows << 2);
    }
    for (; i < bottom; i++) {
      for (let k = j; k < j + 4; k++) transposeOne(matrix, rows, columns, i, k, to);
    }
  }
  for (; j < right; j++) {
    for (let i = top; i < bottom; i++) transposeOne(matrix, rows, columns, i, j, to);
  }
}

/** Four by four elements, whose rows are `fromStride` and `toStride` bytes apart. */
// @ts-ignore: decorator
@inline
function transposeFour(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStride);
  const c = v128.load(from + 2 * fromStride);
  const d = v128.load(from + 3 * fromStride);
  const lowAb = v128.shuffle<u32>(a, b, 0, 4, 1, 5);
  const highAb = v128.shuffle<u32>(a, b, 2, 6, 3, 7);
  const lowCd = v128.shuffle<u32>(c, d, 0, 4, 1, 5);
  const highCd = v128.shuffle<u32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(lowAb, lowCd, 0, 2));
  v128.store(to + toStride, v128.shuffle<u64>(lowAb, lowCd, 1, 3));
  v128.store(to + 2 * toStride, v128.shuffle<u64>(highAb, highCd, 0, 2));
  v128.store(to + 3 * toStride, v128.shuffle<u64>(highAb, highCd, 1, 3));
}

// @ts-ignore: decorator
@inline
function transposeOne(matrix: usize, rows: usize, columns: usize, i: usize, j: usize, to: usize): void {
  store<u32>(to + ((j * rows + i) << 2), load<u32>(matrix + ((i * columns + j) << 2)));
}
