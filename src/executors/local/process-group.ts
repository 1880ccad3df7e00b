import { readdirSync, readFileSync } from 'node:fs';

/** Sends a signal to every process of a group; a group that is gone is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a process of the group still runs. Zombies do not count: a container without an init never reaps them. */
export function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || livingMembers(group) > 0;
}

function livingMembers(group: number): number {
  let members = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = processStat(Number(name));
    if (stat?.group === group && stat.state !== 'Z' && stat.state !== 'X') members++;
  }
  return members;
}

export interface ProcessStat {
  readonly state: string;
  readonly group: number;
  /** Of itself and of its children that ended, in seconds. */
  readonly cpuSeconds: number;
}

/** What /proc/PID/stat says; undefined when the process is gone. Linux only. */
export function processStat(pid: number): ProcessStat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  return { state: fields[0] ?? '?', group: Number(fields[2]), cpuSeconds: ticks / ticksPerSecond };
}

/** USER_HZ: the unit of times in /proc is fixed at 1/100 s on every Linux that Node runs on. */
const ticksPerSecond = 100;
