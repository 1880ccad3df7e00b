import { isUtf8 } from 'node:buffer';
import { TextError } from '../text-error.ts';
import { firstUndecodable } from '../utf8.ts';
import { openText } from './open-text.ts';

/** A stretch of whole lines. Only the last line of a file may lack its end. */
export interface LineBlock {
  readonly bytes: Uint8Array;
  /** Where it begins in the decompressed file. */
  readonly offset: number;
  /** Bytes of the stored file that had been read when it came. */
  readonly position: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export interface ReadOptions {
  /** About how long a block is. */
  readonly blockSize?: number;
  /** Each block takes the place of the one before, for readers that are done with it by then: less memory to make and collect. */
  readonly inPlace?: boolean;
}

/**
 * The lines of a file (plain, gzip or xz) in blocks of about `blockSize` bytes or one line, cut behind line feeds.
 * Unless they are read in place, a block's bytes are its reader's to keep or to transfer.
 */
export async function* readLineBlocks(
  path: string,
  { blockSize = 1 << 18, inPlace = false }: ReadOptions = {},
): AsyncGenerator<LineBlock> {
  const text = await openText(path);
  const join = inPlace ? joinInPlace() : joinAnew;
  let offset = 0;
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of text.chunks) {
    const end = length + chunk.length < blockSize ? 0 : chunk.lastIndexOf(lineFeed) + 1;
    if (end === 0) {
      pending.push(chunk);
      length += chunk.length;
      continue;
    }
    const bytes = join([...pending, chunk.subarray(0, end)], length + end);
    yield { bytes, offset, position: text.position() };
    offset += bytes.length;
    pending = end < chunk.length ? [chunk.subarray(end)] : [];
    length = chunk.length - end;
  }
  if (length > 0) yield { bytes: join(pending, length), offset, position: text.position() };
}

/** A copy with a buffer of its own: file chunks may lie in a pool, which cannot be transferred. */
function joinAnew(parts: readonly Uint8Array[], length: number): Uint8Array {
  return copied(parts, new Uint8Array(length));
}

function joinInPlace(): typeof joinAnew {
  let room = new Uint8Array(0);
  return (parts, length) => {
    if (length > room.length) room = new Uint8Array(2 * length);
    return copied(parts, room.subarray(0, length));
  };
}

function copied(parts: readonly Uint8Array[], bytes: Uint8Array): Uint8Array {
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Calls back with where each line begins and ends, its end left out. Lines end at LF, and nowhere else. */
export function forEachLine(bytes: Uint8Array, visit: (begin: number, end: number) => void): void {
  let begin = 0;
  while (begin < bytes.length) {
    const end = find(bytes, lineFeed, begin);
    visit(begin, end);
    begin = end + 1;
  }
}

/** The same as Python's text mode has it: lines end at LF, CR LF, or a lone CR. */
export function forEachTextLine(bytes: Uint8Array, visit: (begin: number, end: number) => void): void {
  let begin = 0;
  let feed = -1;
  let carriage = -1;
  while (begin < bytes.length) {
    if (feed < begin) feed = find(bytes, lineFeed, begin);
    if (carriage < begin) carriage = find(bytes, carriageReturn, begin);
    const end = Math.min(feed, carriage);
    visit(begin, end);
    begin = end + (feed === carriage + 1 ? 2 : 1);
  }
}

/** Where a byte next occurs; the length if it does not. */
function find(bytes: Uint8Array, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}

/** Throws `TextError` with line and byte unless the block is UTF-8. `line` of the file is counted only then. */
export async function checkUtf8(path: string, block: LineBlock): Promise<void> {
  if (isUtf8(block.bytes)) return;
  const at = block.offset + firstUndecodable(block.bytes);
  const line = await lineNumber(path, at);
  throw new TextError(
    `${path}:${line}: byte ${at} is not UTF-8. Convert the file (for example with iconv) or fetch it again.`,
  );
}

/** The number, from 1, of the line that holds a byte of the decompressed file. */
export async function lineNumber(path: string, offset: number): Promise<number> {
  let line = 1;
  for await (const block of readLineBlocks(path, { inPlace: true })) {
    const bytes = block.bytes.subarray(0, Math.max(0, offset - block.offset));
    forEachTextLine(bytes, (_, end) => {
      if (end < bytes.length) line++;
    });
    if (bytes.length < block.bytes.length) break;
  }
  return line;
}
