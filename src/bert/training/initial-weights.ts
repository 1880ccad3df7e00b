/** Fresh weights as Model Garden draws them, from a seed: each variable has a stream of its own, so that a change of one moves no other. */
import { createHash } from 'node:crypto';
import { cpythonRandom } from '../../text/cpython-random.ts';
import type { Variable } from '../model/variables.ts';

/**
 * Row-major numbers. Kernels and embeddings: normal with deviation `range`, in pretraining cut at two deviations; next-sentence
 * output: Glorot uniform.
 */
export function initialWeights(variable: Variable, range: number, seed: number): Float32Array {
  const size = variable.shape.reduce((product, extent) => product * extent, 1);
  const values = new Float32Array(size);
  if (variable.initial === 'zeros') return values;
  if (variable.initial === 'ones') return values.fill(1);
  const { random } = cpythonRandom(streamSeed(seed, variable.key));
  const draws = {
    'truncated-normal': () => normal(random, range, 2),
    normal: () => normal(random, range, Number.POSITIVE_INFINITY),
    'glorot-uniform': () => glorotUniform(random, variable.shape),
  };
  const draw = draws[variable.initial]();
  for (let i = 0; i < size; i++) values[i] = draw();
  return values;
}

function streamSeed(seed: number, key: string): bigint {
  return createHash('sha256').update(`${seed} ${key}`).digest().readBigUInt64LE();
}

/** Box and Muller's pairs; what lies beyond `most` deviations is drawn again. */
function normal(random: () => number, deviation: number, most: number): () => number {
  let spare: number | undefined;
  const standard = (): number => {
    if (spare !== undefined) {
      const second = spare;
      spare = undefined;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return () => {
    let value = standard();
    while (Math.abs(value) > most) value = standard();
    return value * deviation;
  };
}

/** Uniform in ±√(6 / (fan in + fan out)). */
function glorotUniform(random: () => number, [fanIn = 1, fanOut = 1]: readonly number[]): () => number {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return () => (2 * random() - 1) * limit;
}
