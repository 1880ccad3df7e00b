import type { AttemptLog } from '../../run/folder/attempt-logs.ts';

export interface LogPrinter {
  /** Prints a heading first, unless the bytes go on where the last ones stopped. */
  print(log: AttemptLog, bytes: Uint8Array): void;
}

/** Prints logs of several attempts one after another, or in turns, as `tail` does several files. */
export function logPrinter(output: { write(bytes: Uint8Array | string): unknown }): LogPrinter {
  let last: AttemptLog | undefined;
  let endsLine = true;
  return {
    print(log, bytes) {
      if (last?.log !== log.log) {
        const gap = last === undefined ? '' : endsLine ? '\n' : '\n\n';
        output.write(`${gap}==> ${log.instance}, attempt ${log.attempt} <==\n`);
      }
      last = log;
      output.write(bytes);
      endsLine = bytes.length === 0 || bytes.at(-1) === 0x0a;
    },
  };
}
