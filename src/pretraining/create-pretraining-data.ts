import { join } from 'node:path';
import { loadDictionary } from '../mecab/index.ts';
import { type CPythonRandom, cpythonRandom } from '../text/cpython-random.ts';
import type { TokenizerOptions } from '../wordpiece/tokenizer.ts';
import { loadVocabulary, tokenNames } from '../wordpiece/vocabulary.ts';
import { tokenizeCorpus } from './corpus/tokenize-corpus.ts';
import type { TokenizedCorpus } from './corpus/tokenized-corpus.ts';
import { type InstanceCounts, makeInstances, noInstances } from './instances/make-instances.ts';
import { openScratch } from './instances/scratch-file.ts';
import { checkScratchSpace, corpusScratchBytes, expectedScratchBytes } from './instances/scratch-space.ts';
import { shuffleInstances } from './instances/shuffle-instances.ts';
import { checkOptions, type InstanceOptions, maxMasksOf } from './options.ts';
import { PretrainingError } from './pretraining-error.ts';
import { type PretrainingVocabulary, pretrainingVocabulary } from './pretraining-vocabulary.ts';
import type { RecordSetup } from './records/record-worker.ts';
import { withSample } from './records/sample.ts';
import { type RecordWorkers, startRecordWorkers, writeRecords } from './records/write-records.ts';
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
  const { lines, vocabulary, corpus, unknownTokens } = await readInputs(request);
  await checkScratchSpace(request.scratch, corpusScratchBytes(corpus, request.instances));

  const random = cpythonRandom(request.instances.randomSeed);
  const setup = recordSetup(request, corpus, vocabulary);
  // The workers start up while the instances are made, which one thread does.
  const workers = startRecordWorkers(setup, request.threads);
  try {
    const spilled = join(request.scratch, 'instances');
    const counts = await spillInstances(spilled, corpus, vocabulary, random, request);
    const dealt = join(request.scratch, 'shuffled');
    const shuffled = shuffleInstances(spilled, dealt, counts.instances, setup.options.maxMasks, random);
    await writeAll(withSample(shuffled, setup, tokenNames(lines), request.log), setup, workers, counts, request);
    return statistics(corpus, unknownTokens, counts);
  } finally {
    await workers.close();
  }
}

/** The vocabulary and the corpus, whose sentences are tokenized. The dictionary is read meanwhile, and in memory for this long only. */
async function readInputs(request: PretrainingDataRequest) {
  const { corpus: paths, instances, tokenizer: options, scratch, threads } = request;
  const dictionary = loadDictionary(request.dictionary, { features: false });
  dictionary.catch(() => {}); // Thrown by `tokenizeCorpus`: of several flaws it is always the vocabulary's that is told.
  const lines = await loadVocabulary(request.vocabulary);
  const vocabulary = pretrainingVocabulary(request.vocabulary, lines, options.vocabHasNoSubwordPrefix);
  checkOptions(instances, vocabulary.idLimit);
  await checkScratchSpace(scratch, await expectedScratchBytes(paths, options.subword, instances));
  const tokenized = await tokenizeCorpus(
    { paths, dictionary, vocabulary: lines, idLimit: vocabulary.idLimit, options, threads },
    (done, total) => report(request, done, total, 'B'),
  );
  if (tokenized.corpus.ids.length > 0) return { lines, vocabulary, ...tokenized };
  throw new PretrainingError(
    `${paths.join(', ')}: no text there. Give one sentence a line, and a blank line after each document.`,
  );
}

function recordSetup(
  { instances, useV2FeatureNames, gzipLevel }: PretrainingDataRequest,
  { ids }: TokenizedCorpus,
  vocabulary: PretrainingVocabulary,
): RecordSetup {
  const { maxSeqLength, maxPredictionsPerSeq } = instances;
  const maxMasks = maxMasksOf(instances);
  return { ids, vocabulary, options: { maxSeqLength, maxPredictionsPerSeq, maxMasks, useV2FeatureNames }, gzipLevel };
}

async function spillInstances(
  path: string,
  corpus: TokenizedCorpus,
  vocabulary: PretrainingVocabulary,
  random: CPythonRandom,
  request: PretrainingDataRequest,
): Promise<InstanceCounts> {
  const { instances: options } = request;
  const counts = noInstances(options);
  const documents = options.dupeFactor * (corpus.documentStarts.length - 1);
  let written = 0;
  await using file = await openScratch(path, 'w');
  for (const block of makeInstances(corpus, vocabulary, options, random, counts)) {
    await file.write(block, written);
    written += block.length;
    report(request, counts.documentsDone, documents, 'documents');
  }
  return counts;
}

async function writeAll(
  slots: AsyncIterable<Uint32Array>,
  setup: RecordSetup,
  workers: RecordWorkers,
  { instances }: InstanceCounts,
  request: PretrainingDataRequest,
): Promise<void> {
  let written = 0;
  await writeRecords(request.records, slots, setup.options, workers, (more) => {
    written += more;
    report(request, written, instances, 'instances');
  });
}

function report({ progress, signal }: PretrainingDataRequest, done: number, total: number, unit: string): void {
  signal.throwIfAborted();
  progress(done, total, unit);
}
