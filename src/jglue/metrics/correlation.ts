/** Correlations as the GLUE metric reports them for STS: inputs rounded to float32, computed in float64 (SciPy's pearsonr and spearmanr). */
import { JglueError } from '../jglue-error.ts';

export interface Correlations {
  readonly pearson: number;
  readonly spearman: number;
}

/** NaN where one side is constant. Throws `JglueError` for fewer than two pairs, or numbers that are not finite. */
export function correlations(predictions: ArrayLike<number>, references: ArrayLike<number>): Correlations {
  const [x, y] = [predictions, references].map((values) => Float64Array.from(Float32Array.from(values)));
  if (x!.length < 2) throw new JglueError(`a correlation needs at least 2 examples, there are ${x!.length}`);
  for (const values of [x!, y!]) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new JglueError(`a correlation needs finite numbers: number ${at} is ${values[at]}`);
  }
  return { pearson: pearson(x!, y!), spearman: pearson(averageRanks(x!), averageRanks(y!)) };
}

/** Σ (x − x̄)(y − ȳ) / (‖x − x̄‖ ‖y − ȳ‖), kept within ±1. */
function pearson(x: Float64Array, y: Float64Array): number {
  if (isConstant(x) || isConstant(y)) return Number.NaN;
  const [dx, dy] = [centred(x), centred(y)];
  const r = dot(dx, dy) / (Math.sqrt(dot(dx, dx)) * Math.sqrt(dot(dy, dy)));
  return Math.max(-1, Math.min(1, r));
}

const isConstant = (values: Float64Array) => values.every((value) => value === values[0]);

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Ranks from 1; equal values share the mean of theirs. */
function averageRanks(values: Float64Array): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let begin = 0; begin < order.length; ) {
    let end = begin + 1;
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++;
    for (let i = begin; i < end; i++) ranks[order[i]!] = (begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}
