import { openBundle } from '../../src/tensorflow/bundle/reader.ts';

/** How far apart the trained weights of two checkpoints, given by their prefixes, are at most. */
export function farthestWeight(ours: string, theirs: string): number {
  const [a, b] = [openBundle(ours), openBundle(theirs)];
  const weights = [...a.tensors].filter(([name, { dtype }]) => dtype === 'float32' && !name.includes('OPTIMIZER'));
  const worst = weights.map(([name]) => {
    const values = b.readFloats(name);
    return a.readFloats(name).reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
  });
  a.close();
  b.close();
  return Math.max(...worst);
}
