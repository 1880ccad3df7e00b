/** Row-major [rows, columns] as [columns, rows]. For many large matrices there is `createTransposer`. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  transposeInto(result, values, rows, columns);
  return result;
}

/** The same for elements of any type. */
export function transposeInto<Element>(
  result: { [index: number]: Element },
  values: { readonly [index: number]: Element },
  rows: number,
  columns: number,
): void {
  // Square tiles, so that both sides of the copy stay in the cache.
  const tile = 32;
  for (let top = 0; top < rows; top += tile) {
    for (let left = 0; left < columns; left += tile) {
      const [bottom, right] = [Math.min(top + tile, rows), Math.min(left + tile, columns)];
      for (let i = top; i < bottom; i++) {
        for (let j = left; j < right; j++) result[j * rows + i] = values[i * columns + j]!;
      }
    }
  }
}
