import { readFileSync, statSync } from 'node:fs';
import type { ControlRequest } from '../events.ts';

const intervalMs = 200;

/** Hands over each request that a screen appends to the run's control file. */
export function followControl(file: string, handle: (request: ControlRequest) => void): { stop(): void } {
  let taken = 0;
  const timer = setInterval(() => {
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= taken) return;
    const added = readFileSync(file).subarray(taken);
    const whole = added.subarray(0, added.lastIndexOf('\n') + 1);
    taken += whole.length;
    for (const line of whole.toString().split('\n')) {
      const request = parseRequest(line);
      if (request) handle(request);
    }
  }, intervalMs).unref();
  return { stop: () => clearInterval(timer) };
}

function parseRequest(line: string): ControlRequest | undefined {
  try {
    return JSON.parse(line) as ControlRequest;
  } catch {
    return undefined;
  }
}
