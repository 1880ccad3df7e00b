import type { SlurmSettings } from '../../../workflow/settings.ts';
import type { Job } from '../../executor.ts';

/** Options of sbatch for what a job asks for; equal ones go into one array. */
export function sbatchOptions({ instance, timeoutMs }: Job, settings: SlurmSettings): readonly string[] {
  const { cpu = 1, memory, gpu } = instance.resources;
  const { partition, account, qos, constraint, flags = [] } = settings;
  return [
    `--cpus-per-task=${Math.max(1, Math.ceil(cpu))}`,
    ...(memory === undefined ? [] : [`--mem=${Math.max(1, Math.ceil(memory / 2 ** 20))}M`]),
    ...(gpu ? [`--gres=gpu:${Math.ceil(gpu)}`] : []),
    ...(timeoutMs === undefined ? [] : [`--time=${slurmTime(timeoutMs)}`]),
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...(qos === undefined ? [] : [`--qos=${qos}`]),
    ...(constraint === undefined ? [] : [`--constraint=${constraint}`]),
    ...(instance.resume ? resumable(timeoutMs) : ['--no-requeue']),
    ...flags,
  ];
}

/** The job itself heeds a timeout; before the partition's limit, which it does not know, it is told to write a checkpoint. */
function resumable(timeoutMs: number | undefined): readonly string[] {
  return ['--requeue', ...(timeoutMs === undefined ? ['--signal=B:TERM@60'] : [])];
}

/** `--array` of so many tasks, of which at most `limit` run at a time. */
export function arrayOption(tasks: number, limit: SlurmSettings['arrayLimit']): string {
  return `--array=0-${tasks - 1}${limit === undefined ? '' : `%${limit}`}`;
}

/** Slurm's limits have minutes, rounded up: the last of them is for a job that ends itself at its timeout to say so. */
function slurmTime(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(seconds / 86_400)}-${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
}
