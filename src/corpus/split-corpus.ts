import { join } from 'node:path';
import { cpythonRandom } from '../text/cpython-random.ts';
import { forEachTextLine } from '../text/reading/read-lines.ts';
import { mayBeWhitespace, whitespaceAt } from '../text/whitespace.ts';
import { createLineFile, type LineFile } from './line-file.ts';
import { readTexts } from './text-inputs.ts';

export interface SplitOptions {
  readonly texts: readonly string[];
  /** An existing directory for `corpus_01.txt` and so on. */
  readonly directory: string;
  readonly fileCount: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  progress?(bytesRead: number): void;
  log?(message: string): void;
}

/** Small, so that a decompressing process can go on while a block is worked on: what waits for us must fit into its pipe. */
const blockSize = 1 << 16;

/**
 * Deals documents (runs of lines that end with a blank one) to files at random, each line's white space made single
 * spaces. Two documents stay together where a text does not end with a blank line. Throws `TextError`.
 */
export async function splitCorpus(options: SplitOptions): Promise<void> {
  const { texts, directory, fileCount, seed, signal } = options;
  const random = cpythonRandom(seed);
  const files = Array.from({ length: fileCount }, (_, i) => createLineFile(join(directory, shardName(i + 1))));
  let file = files[firstFile(random.randint(1, fileCount), options)]!;
  try {
    for await (const { bytes, bytesRead } of readTexts(texts, blockSize)) {
      signal?.throwIfAborted();
      forEachTextLine(bytes, (begin, end) => {
        const isBlank = addLine(file, bytes, begin, end);
        if (isBlank) file = files[random.randrange(fileCount)]!;
      });
      options.progress?.(bytesRead);
    }
  } finally {
    for (const each of files) each.close();
  }
}

const shardName = (number: number) => `corpus_${String(number).padStart(2, '0')}.txt`;

/** The original draws its first index one too high and dies where that is behind the last file; here it is the first. */
function firstFile(drawn: number, { fileCount, log }: SplitOptions): number {
  if (drawn < fileCount) return drawn;
  log?.(`the original script fails with ${fileCount} files and this seed; the first document goes to ${shardName(1)}`);
  return 0;
}

/** Adds `" ".join(line.split())` and says whether that is empty. */
function addLine(file: LineFile, bytes: Uint8Array, begin: number, end: number): boolean {
  const { buffer, at: start } = file.reserve(end - begin + 1);
  let to = start;
  let isBehindSpace = false;
  for (let at = begin; at < end; ) {
    const byte = bytes[at]!;
    // Most Japanese characters begin with E3, of which only those with 80 behind it may be spaces.
    if (mayBeWhitespace[byte] === 1 && (byte !== 0xe3 || bytes[at + 1] === 0x80)) {
      const space = whitespaceAt(bytes, at, end);
      if (space > 0) {
        isBehindSpace = to > start;
        at += space;
        continue;
      }
    }
    if (isBehindSpace) buffer[to++] = 0x20;
    isBehindSpace = false;
    buffer[to++] = byte;
    at++;
  }
  buffer[to] = 0x0a;
  file.advance(to + 1);
  return to === start;
}
