import { loadDictionary } from '../../mecab/index.ts';
import { checkUtf8, type LineBlock, readLineBlocks } from '../../text/reading/read-lines.ts';
import { type Parcel, startWorkers } from '../../threads/workers.ts';
import { createWordTable, type WordTable } from '../word-table.ts';
import type { CountAnswer, CountSetup } from './count-worker.ts';

export interface CountOptions {
  readonly texts: readonly string[];
  /** A MeCab dictionary directory; without it words are what stands between white space. */
  readonly dictionary?: string;
  readonly threads: number;
  readonly signal?: AbortSignal;
  progress?(bytesRead: number): void;
}

/** Distinct words, and how often each occurs. */
export interface WordCounts {
  readonly words: WordTable;
  readonly counts: Float64Array;
}

interface TextBlock extends LineBlock {
  readonly path: string;
  readonly bytesRead: number;
}

const blockSize = 1 << 20;

/** Counts the words of texts, normalised as tokenizers do, on several threads; the counts do not depend on how many. */
export async function countWords(options: CountOptions): Promise<WordCounts> {
  const setup = options.dictionary
    ? loadDictionary(options.dictionary, { features: false }).then((dictionary): CountSetup => ({ dictionary }))
    : ({} satisfies CountSetup);
  const module = new URL('./count-worker.js', import.meta.url);
  const workers = startWorkers<Uint8Array, CountAnswer>(module, setup, options.threads);
  const blocks: TextBlock[] = [];

  async function* jobs(): AsyncGenerator<Parcel<Uint8Array>> {
    let before = 0;
    for (const path of options.texts) {
      let position = 0;
      for await (const block of readLineBlocks(path, { blockSize })) {
        position = block.position;
        blocks.push({ ...block, path, bytesRead: before + position });
        yield { value: block.bytes };
      }
      before += position;
    }
  }

  const words = createWordTable();
  let counts = new Float64Array(1 << 16);
  try {
    for await (const answer of workers.map(jobs())) {
      options.signal?.throwIfAborted();
      const block = blocks.shift()!;
      if (!answer) await checkUtf8(block.path, block);
      else {
        counts = atLeast(counts, words.size + answer.counts.length);
        addCounts(answer, words, counts);
      }
      options.progress?.(block.bytesRead);
    }
  } finally {
    await workers.close();
  }
  return { words, counts: counts.subarray(0, words.size) };
}

function addCounts(answer: NonNullable<CountAnswer>, words: WordTable, counts: Float64Array): void {
  const { text, offsets } = answer.words;
  for (let i = 0; i < answer.counts.length; i++) {
    counts[words.numberOf(text, offsets[i]!, offsets[i + 1]!)]! += answer.counts[i]!;
  }
}

function atLeast(counts: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= counts.length) return counts;
  const larger = new Float64Array(2 * length);
  larger.set(counts);
  return larger;
}
