import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CPythonRandom, cpythonRandom } from '../text/cpython-random.ts';
import { forEachTextLine } from '../text/reading/read-lines.ts';
import { TextError } from '../text/text-error.ts';
import { strippedBegin } from '../text/whitespace.ts';
import { createLineFile, type LineFile } from './line-file.ts';
import { readTexts } from './text-inputs.ts';

export interface SampleOptions {
  readonly texts: readonly string[];
  readonly sample: string;
  readonly lineCount: number;
  readonly seed: number;
  /** An existing directory for temporary files, together as large as the sample. */
  readonly scratch: string;
  readonly signal?: AbortSignal;
  /** The texts are read twice, to count and to draw: it ends at twice their size. */
  progress?(bytesRead: number): void;
}

/** How much is shuffled in memory at a time. */
const heapSize = 1 << 26;

/**
 * Writes exactly `lineCount` of the lines that are not blank, each as likely as any other, in random order; memory
 * stays below some 200 MB. Throws `TextError` if there are fewer.
 */
export async function sampleLines(options: SampleOptions): Promise<void> {
  const { lineCount, seed, scratch } = options;
  const total = await countLines(options);
  if (total.lines < lineCount) {
    throw new TextError(
      `${lineCount} lines wanted, but the texts have only ${total.lines} that are not blank: ${options.texts.join(', ')}`,
    );
  }
  const random = cpythonRandom(seed);
  const heapCount = Math.max(1, Math.ceil((total.bytes * lineCount) / Math.max(1, total.lines) / heapSize));
  const paths = Array.from({ length: heapCount }, (_, i) => join(scratch, `heap-${i}.txt`));
  await drawLines(options, total, random, paths);
  const sample = createLineFile(options.sample);
  try {
    for (const path of paths) {
      options.signal?.throwIfAborted();
      shuffleInto(sample, await readFile(path), random);
      await rm(path);
    }
  } finally {
    sample.close();
  }
}

interface Total {
  readonly lines: number;
  readonly bytes: number;
  /** Size of the texts on disk. */
  readonly stored: number;
}

async function countLines(options: SampleOptions): Promise<Total> {
  let lines = 0;
  let bytes = 0;
  let stored = 0;
  for await (const block of readTexts(options.texts, { inPlace: true })) {
    options.signal?.throwIfAborted();
    forEachTextLine(block.bytes, (begin, end) => {
      if (strippedBegin(block.bytes, begin, end) === end) return;
      lines++;
      bytes += end - begin + 1;
    });
    stored = block.bytesRead;
    options.progress?.(stored);
  }
  return { lines, bytes, stored };
}

/** Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S), each line onto a random heap. */
async function drawLines(options: SampleOptions, total: Total, random: CPythonRandom, paths: string[]): Promise<void> {
  const heaps = paths.map((path) => createLineFile(path));
  let wanted = options.lineCount;
  let left = total.lines;
  try {
    for await (const { bytes, bytesRead } of readTexts(options.texts, { inPlace: true })) {
      options.signal?.throwIfAborted();
      forEachTextLine(bytes, (begin, end) => {
        if (strippedBegin(bytes, begin, end) === end) return;
        if (random.random() * left-- >= wanted) return;
        wanted--;
        heaps[random.randrange(heaps.length)]!.addLine(bytes.subarray(begin, end));
      });
      options.progress?.(total.stored + bytesRead);
    }
  } finally {
    for (const heap of heaps) heap.close();
  }
  if (wanted > 0 || left !== 0) {
    throw new TextError(`the texts changed while they were read. Run it again.`);
  }
}

function shuffleInto(sample: LineFile, heap: Uint8Array, random: CPythonRandom): void {
  const begins: number[] = [];
  forEachTextLine(heap, (begin) => begins.push(begin));
  const order = Uint32Array.from(begins);
  random.shuffle(order);
  for (const begin of order) sample.add(heap.subarray(begin, heap.indexOf(0x0a, begin) + 1));
}
