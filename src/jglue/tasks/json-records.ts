import { readTextLines } from '../../text/reading/read-text-lines.ts';
import { JglueError } from '../jglue-error.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export interface Located {
  /** `FILE:LINE`, for messages. */
  readonly place: string;
  readonly record: JsonRecord;
}

/** The objects of a file with one JSON object a line. Throws `JglueError` with file and line. */
export async function readJsonLines(path: string): Promise<Located[]> {
  const lines = await linesOf(path);
  const located = lines.flatMap((line, i) => {
    const place = `${path}:${i + 1}`;
    return line.trim() === '' ? [] : [{ place, record: parsedObject(line, place) }];
  });
  if (located.length === 0) throw new JglueError(`${path}: there are no examples in it`);
  return located;
}

function parsedObject(line: string, place: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new JglueError(`${place}: not a JSON object on one line: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new JglueError(`${place}: not a JSON object: ${line.slice(0, 60)}`);
  }
  return value as JsonRecord;
}

/** One JSON object over the whole of a file. Throws `JglueError` with file and line. */
export async function readJsonFile(path: string): Promise<JsonRecord> {
  const text = (await linesOf(path)).join('\n');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = position === undefined ? 1 : text.slice(0, Number(position)).split('\n').length;
    throw new JglueError(`${path}:${line}: not JSON: ${(error as Error).message}`);
  }
  throw new JglueError(`${path}:1: expected one JSON object`);
}

/** Without the byte order mark that some editors put before the first. */
async function linesOf(path: string): Promise<string[]> {
  const [first, ...others] = await readTextLines(path);
  return first === undefined ? [] : [first.replace(/^\ufeff/, ''), ...others];
}
