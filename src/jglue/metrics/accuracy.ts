/** The index of the largest number, the first of several: NumPy's argmax. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Share of predictions that equal their label. */
export function accuracy(predictions: readonly number[], labels: readonly number[]): number {
  const right = predictions.filter((prediction, i) => prediction === labels[i]).length;
  return right / predictions.length;
}
