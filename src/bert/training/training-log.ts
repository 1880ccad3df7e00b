/** One JSON line for each logged step. A training that goes on drops the lines behind its checkpoint and writes them anew. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';

export interface TrainingLog {
  write(line: Readonly<Record<string, number>>): void;
  close(): void;
}

export function openTrainingLog(path: string, step: number): TrainingLog {
  const kept = readTrainingLog(path).filter((line) => (line.step ?? Number.POSITIVE_INFINITY) <= step);
  writeFileSync(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const file = openSync(path, 'a');
  return {
    write: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    close: () => closeSync(file),
  };
}

/** The lines of a log; what a kill left half-written at its end is dropped. */
export function readTrainingLog(path: string): Record<string, number>[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, number>);
}
