import { readFileSync } from 'node:fs';

const intervalMs = 500;

export interface MemorySampler {
  /** Highest sum of resident memory of the process tree that was seen, in bytes; undefined if none was. */
  stop(): number | undefined;
}

/** Watches the resident memory of a process and its descendants. Short-lived ones end before the first look. */
export function sampleMemory(pid: number): MemorySampler {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, treeMemory(pid));
  }, intervalMs);
  return {
    stop() {
      clearInterval(timer);
      return peak > 0 ? peak : undefined;
    },
  };
}

/** Resident memory of a process and all its descendants, in bytes. */
export function treeMemory(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  const resident = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + treeMemory(Number(child)), resident);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
