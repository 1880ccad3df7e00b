import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { loadDictionary } from '../../mecab/index.ts';
import { readLineBlocks } from '../../text/reading/read-lines.ts';
import { type Parcel, startWorkers } from '../../threads/workers.ts';
import type { TokenizerOptions } from '../tokenizer.ts';
import { loadVocabulary } from '../vocabulary.ts';
import type { TokenizeAnswer, TokenizeSetup } from './tokenize-worker.ts';

export interface TokenizeOptions {
  /** Plain, gzip or xz; lines end at LF only, and bytes that are not UTF-8 are left out. */
  readonly text: string;
  readonly vocabulary: string;
  /** A MeCab dictionary directory. */
  readonly dictionary: string;
  readonly tokenizer: TokenizerOptions;
  readonly tokens: string;
  readonly threads: number;
  readonly signal?: AbortSignal;
  progress?(bytesRead: number): void;
}

export interface TokenCounts {
  readonly lines: number;
  readonly tokens: number;
  readonly unknown: number;
}

/** Writes one JSON line a line of text, `{"tokens": […], "ids": […]}`. Throws `TextError` for a damaged archive. */
export async function tokenizeFile(options: TokenizeOptions): Promise<TokenCounts> {
  const setup = Promise.all([
    loadDictionary(options.dictionary, { features: false }),
    loadVocabulary(options.vocabulary),
  ]).then(([dictionary, vocabulary]): TokenizeSetup => ({ dictionary, vocabulary, options: options.tokenizer }));
  const module = new URL('./tokenize-worker.js', import.meta.url);
  const workers = startWorkers<Uint8Array, TokenizeAnswer>(module, setup, options.threads);
  const counts = { lines: 0, tokens: 0, unknown: 0 };

  async function* jobs(): AsyncGenerator<Parcel<Uint8Array>> {
    for await (const block of readLineBlocks(options.text)) {
      options.progress?.(block.position);
      yield { value: block.bytes };
    }
  }

  async function* jsonLines(): AsyncGenerator<Uint8Array> {
    for await (const answer of workers.map(jobs())) {
      counts.lines += answer.lines;
      counts.tokens += answer.tokens;
      counts.unknown += answer.unknown;
      yield answer.bytes;
    }
  }

  try {
    await pipeline(jsonLines(), createWriteStream(options.tokens), { signal: options.signal });
    return counts;
  } finally {
    await workers.close();
  }
}
