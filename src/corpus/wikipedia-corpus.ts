import { findSureWords, loadDictionary } from '../mecab/index.ts';
import { checkUtf8, type LineBlock, lineNumber, readLineBlocks } from '../text/reading/read-lines.ts';
import { TextError } from '../text/text-error.ts';
import { type Parcel, startWorkers } from '../threads/workers.ts';
import { type SentenceLengths, sentenceEnd } from './sentence-splitter.ts';
import type { WikipediaAnswer, WikipediaSetup } from './wikipedia-worker.ts';
import { writeGzip } from './write-gzip.ts';

export interface WikipediaOptions {
  /** A cirrussearch dump: JSON lines, index lines and pages by turns; plain, gzip or xz. */
  readonly dump: string;
  /** A MeCab dictionary directory. */
  readonly dictionary: string;
  readonly corpus: string;
  readonly lengths: SentenceLengths;
  readonly threads: number;
  readonly signal?: AbortSignal;
  progress?(bytesRead: number): void;
}

export interface CorpusCounts {
  readonly pages: number;
  readonly sentences: number;
}

/**
 * Writes a page's sentences one to a line, a blank line behind each page, in the order of the dump.
 * Throws `TextError` with file and line for a damaged archive, bad UTF-8 or JSON, and pages without title or text.
 */
export async function writeWikipediaCorpus(options: WikipediaOptions): Promise<CorpusCounts> {
  const { dump, lengths, threads } = options;
  const setup = loadDictionary(options.dictionary).then(
    (dictionary): WikipediaSetup => ({ dictionary, sure: findSureWords(dictionary, sentenceEnd), lengths }),
  );
  const module = new URL('./wikipedia-worker.js', import.meta.url);
  const workers = startWorkers<Uint8Array, WikipediaAnswer>(module, setup, threads);
  const counts = { pages: 0, sentences: 0 };
  const blocks: LineBlock[] = [];

  async function* jobs(): AsyncGenerator<Parcel<Uint8Array>> {
    for await (const block of readLineBlocks(dump, { blockSize: 1 << 20 })) {
      blocks.push(block);
      yield { value: block.bytes };
    }
  }

  async function* sentences(): AsyncGenerator<Uint8Array> {
    for await (const answer of workers.map(jobs())) {
      const block = blocks.shift()!;
      if ('problem' in answer) throw await problemAt(dump, block, answer);
      counts.pages += answer.pages;
      counts.sentences += answer.sentences;
      options.progress?.(block.position);
      yield answer.bytes;
    }
  }

  try {
    await writeGzip(options.corpus, sentences(), options.signal);
    return counts;
  } finally {
    await workers.close();
  }
}

async function problemAt(
  path: string,
  block: LineBlock,
  { problem, at }: { problem: string; at: number },
): Promise<TextError> {
  await checkUtf8(path, block);
  const line = await lineNumber(path, block.offset + at);
  return new TextError(`${path}:${line}: ${problem}. Expected a cirrussearch dump: index lines and pages by turns.`);
}
