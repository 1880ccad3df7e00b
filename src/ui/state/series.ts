/** The course of a metric in bounded memory: neighbours are averaged once there are too many. */
export interface Series {
  readonly values: readonly number[];
  /** How many reports each value stands for. */
  readonly stride: number;
  /** Reports that do not make a value yet. */
  readonly open: { readonly count: number; readonly sum: number };
  readonly last: number;
  readonly step?: number;
}

const capacity = 120;
const none = { count: 0, sum: 0 };

export function extendSeries(series: Series | undefined, value: number, step: number | undefined): Series {
  const latest = step === undefined ? { last: value } : { last: value, step };
  if (!series) return { values: [value], stride: 1, open: none, ...latest };
  const { values, stride } = series;
  const open = { count: series.open.count + 1, sum: series.open.sum + value };
  if (open.count < stride) return { values, stride, open, ...latest };
  const longer = [...values, open.sum / open.count];
  if (longer.length < capacity) return { values: longer, stride, open: none, ...latest };
  return { values: pairMeans(longer), stride: stride * 2, open: none, ...latest };
}

/** Of an even number of values. */
function pairMeans(values: readonly number[]): number[] {
  return Array.from({ length: values.length / 2 }, (_, pair) => (values[2 * pair]! + values[2 * pair + 1]!) / 2);
}
