import { join } from 'node:path';
import { cpythonRandom } from '../../text/cpython-random.ts';
import { createLineFile } from '../line-file.ts';
import { readTexts } from '../text-inputs.ts';
import { createSpacer } from './spacer.ts';

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
  const spaced = createSpacer();
  const files = Array.from({ length: fileCount }, (_, i) => createLineFile(join(directory, shardName(i + 1))));
  let file = files[firstFile(random.randint(1, fileCount), options)]!;
  try {
    for await (const { bytes, bytesRead } of readTexts(texts, { blockSize, inPlace: true })) {
      signal?.throwIfAborted();
      const lines = spaced(bytes);
      let begin = 0;
      for (const end of lines.blankEnds) {
        file.add(lines.bytes.subarray(begin, end));
        file = files[random.randrange(fileCount)]!;
        begin = end;
      }
      file.add(lines.bytes.subarray(begin));
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
