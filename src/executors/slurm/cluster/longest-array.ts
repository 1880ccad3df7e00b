import { slurm } from './programs.ts';

/** What Slurm allows unless told otherwise. */
const usual = 1000;

/** Most jobs that an array may have: a thousand, or the cluster's MaxArraySize if that is less. */
export async function longestArray(): Promise<number> {
  const configuration = await slurm('scontrol', ['show', 'config']).catch(() => '');
  return Math.min(usual, Number(/^MaxArraySize\s*=\s*([1-9]\d*)/m.exec(configuration)?.[1] ?? usual));
}
