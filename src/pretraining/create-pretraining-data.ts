import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { loadDictionary } from '../mecab/index.ts';
import { cpythonRandom } from '../text/cpython-random.ts';
import type { TokenizerOptions } from '../wordpiece/tokenizer.ts';
import { loadVocabulary, type Vocabulary } from '../wordpiece/vocabulary.ts';
import { tokenizeCorpus } from './corpus/tokenize-corpus.ts';
import type { TokenizedCorpus } from './corpus/tokenized-corpus.ts';
import { type InstanceCounts, makeInstances, noInstances } from './instances/make-instances.ts';
import { checkScratchSpace } from './instances/scratch-space.ts';
import { shuffleInstances } from './instances/shuffle-instances.ts';
import { checkOptions, type InstanceOptions, maxMasksOf } from './options.ts';
import { PretrainingError } from './pretraining-error.ts';
import { type PretrainingVocabulary, pretrainingVocabulary } from './pretraining-vocabulary.ts';
import { withSample } from './records/sample.ts';
import { writeRecords } from './records/write-records.ts';
import { type Statistics, statistics } from './statistics.ts';

export interface PretrainingDataRequest {
  readonly corpus: readonly string[];
  readonly vocabulary: string;
  readonly dictionary: string;
  readonly tokenizer: TokenizerOptions;
  readonly instances: InstanceOptions;
  readonly useV2FeatureNames: boolean;
  /** 1 to 9, or undefined for records without compression. */
  readonly gzipLevel: number | undefined;
  /** The file to write, and a directory for temporary ones. */
  readonly records: string;
  readonly scratch: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
  log(line: string): void;
}

/**
 * Makes of a corpus what create_pretraining_data.py makes of it, equal byte for byte once decompressed. Memory holds the
 * token ids, about 2.2 bytes each, and 8 bytes an instance, whatever else is asked for.
 * Throws `PretrainingError`, `TextError` or `DictionaryError` for what cannot be used.
 */
export async function createPretrainingData(request: PretrainingDataRequest): Promise<Statistics> {
  const lines = await loadVocabulary(request.vocabulary);
  const vocabulary = pretrainingVocabulary(request.vocabulary, lines, request.tokenizer.vocabHasNoSubwordPrefix);
  checkOptions(request.instances, vocabulary.idLimit);
  const { corpus, unknownTokens } = await tokenize(request, lines, vocabulary.idLimit);
  const random = cpythonRandom(request.instances.randomSeed);
  const spilled = join(request.scratch, 'instances');
  const counts = await spillInstances(spilled, corpus, vocabulary, request, random);
  await writeShuffled(spilled, corpus, lines, vocabulary, counts.instances, request, random);
  return statistics(corpus, unknownTokens, counts);
}

/** Loads the dictionary for this step only: it is as large as a corpus. */
async function tokenize(request: PretrainingDataRequest, vocabulary: Vocabulary, idLimit: number) {
  const dictionary = await loadDictionary(request.dictionary);
  const setup = { dictionary, vocabulary, idLimit, options: request.tokenizer };
  const tokens = await tokenizeCorpus(request.corpus, setup, request.threads, (done, total) => {
    report(request, done, total, 'B');
  });
  if (tokens.corpus.ids.length > 0) return tokens;
  throw new PretrainingError(
    `${request.corpus.join(', ')}: no text there. Give one sentence a line, and a blank line after each document.`,
  );
}

async function spillInstances(
  path: string,
  corpus: TokenizedCorpus,
  vocabulary: PretrainingVocabulary,
  request: PretrainingDataRequest,
  random: ReturnType<typeof cpythonRandom>,
): Promise<InstanceCounts> {
  const { instances: options } = request;
  await checkScratchSpace(request.scratch, corpus, options);
  const counts = noInstances(options);
  const documents = options.dupeFactor * (corpus.documentStarts.length - 1);
  const file = await open(path, 'w');
  try {
    for (const block of makeInstances(corpus, vocabulary, options, random, counts)) {
      await file.writeFile(new Uint8Array(block.buffer, block.byteOffset, block.byteLength));
      report(request, counts.documentsDone, documents, 'documents');
    }
  } finally {
    await file.close();
  }
  return counts;
}

async function writeShuffled(
  spilled: string,
  { ids }: TokenizedCorpus,
  { tokens, ids: idOf }: Vocabulary,
  vocabulary: PretrainingVocabulary,
  count: number,
  request: PretrainingDataRequest,
  random: ReturnType<typeof cpythonRandom>,
): Promise<void> {
  const { maxSeqLength, maxPredictionsPerSeq } = request.instances;
  const maxMasks = maxMasksOf(request.instances);
  const options = { maxSeqLength, maxPredictionsPerSeq, maxMasks, useV2FeatureNames: request.useV2FeatureNames };
  const setup = { ids, vocabulary, options, gzipLevel: request.gzipLevel };
  const tokenOf = new Map(tokens.map((token, position) => [idOf[position]!, token]));
  const shuffled = shuffleInstances(spilled, join(request.scratch, 'shuffled'), count, maxMasks, random);
  const blocks = withSample(shuffled, setup, (id) => tokenOf.get(id) ?? `#${id}`, request.log);
  let written = 0;
  await writeRecords(request.records, blocks, setup, request.threads, (instances) => {
    written += instances;
    report(request, written, count, 'instances');
  });
}

function report({ progress, signal }: PretrainingDataRequest, done: number, total: number, unit: string): void {
  signal.throwIfAborted();
  progress(done, total, unit);
}
