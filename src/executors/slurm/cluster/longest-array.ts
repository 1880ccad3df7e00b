import { slurm } from './programs.ts';

/** What Slurm allows unless told otherwise. */
const usual = 1000;

/** Most jobs that an array may have: a thousand, or less where the cluster's MaxArraySize or MaxJobCount, which all of its jobs share, is less. */
export async function longestArray(): Promise<number> {
  const configuration = await slurm('scontrol', ['show', 'config']).catch(() => '');
  const limit = (name: string) =>
    Number(new RegExp(`^${name}\\s*=\\s*([1-9]\\d*)`, 'm').exec(configuration)?.[1] ?? usual);
  // Slurm takes no array that would fill its last place.
  return Math.max(1, Math.min(usual, limit('MaxArraySize'), limit('MaxJobCount') - 1));
}
