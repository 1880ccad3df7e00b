/** One JSON line for each logged step. A training that goes on drops the lines behind its checkpoint and writes them anew. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { naming, writeWhole } from '../../tensorflow/bundle/whole-file.ts';

export interface TrainingLog {
  write(line: Readonly<Record<string, number>>): void;
  /** Returns when the lines so far are on disk. */
  sync(): void;
  close(): void;
}

export function openTrainingLog(path: string, step: number): TrainingLog {
  const kept = readTrainingLog(path).filter((line) => (line.step ?? Number.POSITIVE_INFINITY) <= step);
  writeWhole(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const file = openSync(path, 'a');
  return {
    write: (line) => naming(path, () => void writeSync(file, `${JSON.stringify(line)}\n`)),
    sync: () => naming(path, () => fsyncSync(file)),
    close: () => closeSync(file),
  };
}

/** The lines of a log up to the first that is none: what a kill or a power cut left half-written is dropped. */
export function readTrainingLog(path: string): Record<string, number>[] {
  if (!existsSync(path)) return [];
  const lines: Record<string, number>[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    try {
      lines.push(JSON.parse(line) as Record<string, number>);
    } catch {
      break;
    }
  }
  return lines;
}
