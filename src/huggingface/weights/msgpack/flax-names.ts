/** Where Flax's BERT keeps a weight: its path in the tree of parameters. */
import type { WeightInfo } from '../weight.ts';

export function flaxPath({ name, transposed }: Pick<WeightInfo, 'name' | 'transposed'>): string[] {
  const parts = name.split('.');
  const [module, parameter] = [parts.at(-2)!, parts.at(-1)!];
  if (parameter !== 'weight') return parts;
  const renamed = transposed ? 'kernel' : module === 'LayerNorm' ? 'scale' : 'embedding';
  return [...parts.slice(0, -1), renamed];
}

/** The PyTorch model's name of a parameter, and whether it is a kernel. */
export function nameOfFlaxPath(path: readonly string[]): Pick<WeightInfo, 'name' | 'transposed'> {
  const parameter = path.at(-1)!;
  const isWeight = parameter === 'kernel' || parameter === 'scale' || parameter === 'embedding';
  const name = [...path.slice(0, -1), isWeight ? 'weight' : parameter].join('.');
  return { name, transposed: parameter === 'kernel' };
}
