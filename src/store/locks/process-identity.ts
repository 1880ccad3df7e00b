import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells a process from every other, also from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Of the machine's boot; empty where the system does not say. */
  readonly boot: string;
  /** Pids mean something only within their namespace (containers share a boot). */
  readonly namespace: string;
  /** Clock ticks since boot when it began; empty where the system does not say. */
  readonly start: string;
}

/** Life as far as this machine can tell: `unknown` for processes of other machines and namespaces. */
export type Life = 'alive' | 'dead' | 'unknown';

const here = {
  host: hostname(),
  boot: readText('/proc/sys/kernel/random/boot_id').trim(),
  namespace: readLink('/proc/self/ns/pid'),
};

/** Identity of the boot that this process runs under; empty where the system does not say. */
export const bootId: string = here.boot;

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, ...here, start: processStart(process.pid) ?? '' };
}

export function lifeOf(identity: ProcessIdentity): Life {
  if (identity.host !== here.host) return 'unknown';
  if (identity.boot !== here.boot) return 'dead';
  if (identity.namespace !== here.namespace) return 'unknown';
  if (here.boot === '') return signalReaches(identity.pid) ? 'alive' : 'dead';
  return processStart(identity.pid) === identity.start ? 'alive' : 'dead';
}

/** When a process began, in clock ticks since boot; undefined if it is gone or a zombie. */
export function processStart(pid: number): string | undefined {
  const fields = statFields(pid);
  return fields === undefined || fields.state === 'Z' || fields.state === 'X' ? undefined : fields.start;
}

/** Processes of a group that still run. Linux only; elsewhere none. */
export function groupMembers(group: number): number[] {
  return processIds().filter((pid) => {
    const fields = statFields(pid);
    return fields !== undefined && fields.group === group && fields.state !== 'Z' && fields.state !== 'X';
  });
}

/** Is this text among the environment that the process was started with? */
export function environmentMentions(pid: number, text: string): boolean {
  return readText(`/proc/${pid}/environ`).includes(text);
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Fields 3, 5 and 22 of proc_pid_stat(5). The second, the name, is in brackets and may hold blanks and brackets. */
function statFields(pid: number): { state: string; group: number; start: string } | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, group: Number(fields[2]), start: fields[19]! };
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
