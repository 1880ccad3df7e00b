import { stat } from 'node:fs/promises';
import type { Dictionary } from '../../mecab/index.ts';
import { readLineBlocks } from '../../text/reading/read-lines.ts';
import { startWorkers } from '../../threads/workers.ts';
import type { TokenizeAnswer, TokenizeSetup } from './tokenize-worker.ts';
import { corpusBuilder, type TokenizedCorpus } from './tokenized-corpus.ts';

const workerModule = new URL('./tokenize-worker.js', import.meta.url);

/** Small enough that the last blocks keep all threads busy, large enough that messages cost nothing. */
const blockSize = 1 << 18;

export interface CorpusRequest extends Omit<TokenizeSetup, 'dictionary'> {
  readonly paths: readonly string[];
  readonly dictionary: Promise<Dictionary>;
  readonly threads: number;
}

/**
 * Tokenizes files (plain, gzip or xz) in worker threads: each line is a sentence, a blank line ends a document, and a
 * document goes on from one file to the next. Undecodable bytes are dropped, as the original does. `onProgress` is told the
 * bytes of the stored files that were read, and their sum.
 */
export async function tokenizeCorpus(
  { paths, dictionary, threads, ...setup }: CorpusRequest,
  onProgress: (done: number, total: number) => void,
): Promise<{ readonly corpus: TokenizedCorpus; readonly unknownTokens: number }> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const complete = dictionary.then((loaded) => ({ ...setup, dictionary: loaded }));
  const workers = startWorkers<Uint8Array, TokenizeAnswer, TokenizeSetup>(workerModule, complete, threads);
  const builder = corpusBuilder(setup.idLimit, total);
  const positions: number[] = [];

  async function* blocks() {
    let before = 0;
    for (const [i, path] of paths.entries()) {
      for await (const { bytes, position } of readLineBlocks(path, { blockSize })) {
        positions.push(before + position);
        yield { value: bytes, transfer: [bytes.buffer as ArrayBuffer] };
      }
      before += sizes[i]!;
    }
  }

  let unknownTokens = 0;
  try {
    for await (const block of workers.map(blocks())) {
      builder.add(block);
      unknownTokens += block.unknownTokens;
      onProgress(positions.shift()!, total);
    }
  } finally {
    await workers.close();
  }
  return { corpus: builder.finish(), unknownTokens };
}
