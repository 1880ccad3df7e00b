import { closeSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Json } from '../graph/plan.ts';
import { makeFolder } from './make-folder.ts';
import { namesIn, unlinkIfThere } from './remove.ts';

/** One line: a JSON array whose first item is its number. Of rows that contradict each other the highest number holds. */
export type Row = readonly [number, ...Json[]];

/**
 * A table kept by many processes at once: each appends to a file of its own (NDJSON), readers merge them. Rows are
 * numbered past the highest number seen, so that their order needs no clock.
 */
export interface Segments {
  /** What was there when it was opened, in order. */
  readonly rows: readonly Row[];
  /** How many files that came from. */
  readonly count: number;
  /** Appends rows, numbers them, returns them. */
  append(rows: readonly (readonly Json[])[]): Row[];
  /** Resolves when all that was appended is on disk. */
  sync(): Promise<void>;
  /** Replaces all files that were read, save those that `isInUse` by a living process, by one with these rows. */
  compact(rows: readonly Row[], isInUse: (writer: string) => boolean): void;
  close(): void;
}

const suffix = '.ndjson';
const syncData = promisify(fdatasync);

/** Opens `DIRECTORY/*.ndjson`; `writer` names this process's own file, which is made with the first row. */
export function openSegments(directory: string, writer: string): Segments {
  const { rows, names } = readSegments(directory);
  let next = (rows.at(-1)?.[0] ?? 0) + 1;
  let descriptor: number | undefined;
  /** A full disk took only a part of a line: the next one begins below it. */
  let torn = false;
  const own = `${directory}/${writer}${suffix}`;
  return {
    rows,
    count: names.length,
    append(values) {
      if (descriptor === undefined) {
        makeFolder(directory);
        descriptor = openSync(own, 'a', 0o644);
      }
      const numbered = values.map((value): Row => [next++, ...value]);
      const text = (torn ? '\n' : '') + asText(numbered);
      torn = true;
      writeAll(descriptor, text);
      torn = false;
      return numbered;
    },
    async sync() {
      if (descriptor !== undefined) await syncData(descriptor);
    },
    compact(merged, isInUse) {
      const target = `${directory}/${writer}.merged`;
      const output = openSync(target, 'w', 0o644);
      writeAll(output, asText(merged));
      fsyncSync(output);
      closeSync(output);
      renameSync(target, `${target}${suffix}`);
      const replaced = names.filter((name) => name !== `${writer}.merged${suffix}`);
      for (const name of replaced) {
        if (!isInUse(name.slice(0, -suffix.length))) unlinkIfThere(`${directory}/${name}`);
      }
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

/** Rows of all segments by number. A segment that was merged away while we looked means to look again. */
function readSegments(directory: string): { rows: Row[]; names: string[] } {
  for (;;) {
    const names = namesIn(directory).filter((name) => name.endsWith(suffix));
    try {
      const parts = names.map((name) => parseRows(readFileSync(`${directory}/${name}`, 'utf8')));
      return { rows: inOrder(parts), names };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** Most often one process wrote after the other, and nothing is left to sort. */
function inOrder(parts: readonly Row[][]): Row[] {
  const [first, ...others] = parts.filter((rows) => rows.length > 0).sort((a, b) => a[0]![0] - b[0]![0]);
  const rows = others.length === 0 ? (first ?? []) : [first!, ...others].flat();
  const isInOrder = rows.every((row, at) => at === 0 || rows[at - 1]![0] <= row[0]);
  return isInOrder ? rows : rows.sort((a, b) => a[0] - b[0]);
}

/** One parse for the whole file; line by line only if some line is torn. */
function parseRows(text: string): Row[] {
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  try {
    return JSON.parse(`[${lines.replaceAll('\n', ',')}]`) as Row[];
  } catch {
    return lines.split('\n').flatMap(parseRow);
  }
}

function parseRow(line: string): Row[] {
  try {
    const row: unknown = JSON.parse(line);
    return Array.isArray(row) && typeof row[0] === 'number' ? [row as unknown as Row] : [];
  } catch {
    return [];
  }
}

function asText(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
