import { setTimeout as delay } from 'node:timers/promises';
import type { Canceller } from './cluster/canceller.ts';
import { slurm } from './cluster/programs.ts';
import type { SupervisedTask } from './supervise-task.ts';

/** So long Slurm may take to answer a call that cancels. */
const patienceMs = 2_000;
const shownJobs = 10;

/**
 * Waits no longer for jobs that were told to stop: at most until Slurm has answered. Those that have not ended by then end here as cancelled,
 * and one warning names them, with what ends them and what goes on with them.
 */
export async function abandonTasks(supervised: ReadonlySet<SupervisedTask>, canceller: Canceller): Promise<void> {
  const unnamed = [...supervised].filter(({ id }) => id() === undefined).map(({ task }) => task.name);
  const byName = [...new Set(unnamed)].map((name) => slurm('scancel', [`--name=${name}`]).catch(() => {}));
  await Promise.race([Promise.all([canceller.answered(), ...byName]), delay(patienceMs)]);
  const [first] = supervised;
  if (first === undefined) return;
  first.warn(leftJobs([...supervised]));
  for (const running of supervised) running.abandon();
}

function leftJobs(tasks: readonly SupervisedTask[]): string {
  const names = tasks.map(({ id, task: { name, index } }) => id() ?? `${name}[${index}]`);
  const more = names.length - shownJobs;
  const shown = names.slice(0, shownJobs).join(', ') + (more > 0 ? ` and ${more} more` : '');
  // An array's jobs are of one submission, and so of this run.
  const words = tasks.map(({ id, task }) => id()?.replace(/_.*/, '') ?? `--name=${task.name}`);
  const commands = [...new Set(words)].slice(0, shownJobs).map((word) => `scancel ${word}`);
  const jobs = names.length === 1 ? 'job' : 'jobs';
  return `${jobs} ${shown} may still run on Slurm: \`${commands.join('; ')}\` ends them, \`kumiki watch\` goes on with them`;
}
