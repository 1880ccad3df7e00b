import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { splitCorpus } from '../../src/corpus/split/split-corpus.ts';
import { writeWikipediaCorpus } from '../../src/corpus/wikipedia-corpus.ts';
import { createPretrainingData } from '../../src/pretraining/create-pretraining-data.ts';
import { openText } from '../../src/text/reading/open-text.ts';
import { trainVocabulary } from '../../src/wordpiece/training/train-vocabulary.ts';
import { sampleDump, sampleText } from './sample-text.ts';

const megabytes = 1e6;
const threads = availableParallelism();

export interface Place {
  /** An empty directory. */
  readonly scratch: string;
  /** A MeCab dictionary. */
  readonly dictionary: string;
}

/** Seconds of all cores that this process takes for it. */
export async function cpuSecondsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** What a second gives, what is only paid once left out: from a small and a large amount. */
async function marginalRate(
  amounts: readonly [number, number],
  seconds: (amount: number) => Promise<number>,
): Promise<number> {
  const [small, large] = amounts;
  const first = await seconds(small);
  return (large - small) / Math.max(1e-3, (await seconds(large)) - first);
}

async function textFile({ scratch }: Place, bytes: number): Promise<string> {
  const path = join(scratch, `text-${bytes}.txt`);
  writeFileSync(path, sampleText(bytes));
  return path;
}

export async function splitRate(place: Place): Promise<number> {
  const bytes = 16 * megabytes;
  const text = await textFile(place, bytes);
  const directory = await mkdtemp(join(place.scratch, 'shards-'));
  return bytes / (await cpuSecondsOf(() => splitCorpus({ texts: [text], directory, fileCount: 64, seed: 0 })));
}

/** Undefined where the program xz is not there to make an archive. */
export async function unpackXzRate(place: Place): Promise<number | undefined> {
  const text = await textFile(place, 16 * megabytes);
  if (spawnSync('xz', ['--keep', '--force', '-3', text]).status !== 0) return undefined;
  const begin = performance.now();
  let bytes = 0;
  for await (const chunk of (await openText(`${text}.xz`)).chunks) bytes += chunk.length;
  return bytes / ((performance.now() - begin) / 1000);
}

export function sentencesRate({ scratch, dictionary }: Place): Promise<number> {
  return marginalRate([1 * megabytes, 8 * megabytes], async (bytes) => {
    const dump = join(scratch, `dump-${bytes}.json`);
    writeFileSync(dump, sampleDump(bytes));
    const corpus = join(scratch, 'corpus.txt.gz');
    return cpuSecondsOf(() =>
      writeWikipediaCorpus({ dump, dictionary, corpus, lengths: { min: 10, max: 200 }, threads }),
    );
  });
}

export function vocabularyRate(place: Place): Promise<number> {
  return marginalRate([1 * megabytes, 4 * megabytes], async (bytes) => {
    const text = await textFile(place, bytes);
    return cpuSecondsOf(async () => {
      const vocabulary = await trainVocabulary({
        texts: [text],
        dictionary: place.dictionary,
        alphabet: [],
        vocabSize: 3000,
        limitAlphabet: 3000,
        unusedTokens: 10,
        prefix: '##',
        threads,
      });
      writeFileSync(vocabularyIn(place), vocabulary.map((token) => `${token}\n`).join(''));
    });
  });
}

const vocabularyIn = ({ scratch }: Place) => join(scratch, 'vocab.txt');

/** Bytes made tokens and positions of records written, a second; after `vocabularyRate`, whose vocabulary it takes. */
export async function pretrainingRates(
  place: Place,
): Promise<{ readonly tokenize: number; readonly instances: number }> {
  const small = await makeData(place, 1 * megabytes, 1);
  const large = await makeData(place, 5 * megabytes, 1);
  const often = await makeData(place, 5 * megabytes, 13);
  const perPosition = Math.max(1e-9, (often.seconds - large.seconds) / (often.positions - large.positions));
  const made = (large.positions - small.positions) * perPosition;
  return {
    tokenize: (4 * megabytes) / Math.max(1e-3, large.seconds - small.seconds - made),
    instances: 1 / perPosition,
  };
}

async function makeData(place: Place, bytes: number, dupeFactor: number) {
  const corpus = await textFile(place, bytes);
  const scratch = await mkdtemp(join(place.scratch, 'instances-'));
  const maxSeqLength = 128;
  let instances = 0;
  const seconds = await cpuSecondsOf(async () => {
    const statistics = await createPretrainingData({
      corpus: [corpus],
      vocabulary: vocabularyIn(place),
      dictionary: place.dictionary,
      tokenizer: { subword: 'wordpiece', lowerCase: true, vocabHasNoSubwordPrefix: false },
      instances: {
        maxSeqLength,
        maxPredictionsPerSeq: 19,
        maskedLmProb: 0.15,
        dupeFactor,
        shortSeqProb: 0.1,
        randomSeed: 12345,
        doWholeWordMask: true,
      },
      useV2FeatureNames: true,
      gzipLevel: 3,
      records: join(scratch, 'records.gz'),
      scratch,
      threads,
      signal: new AbortController().signal,
      progress: () => {},
      log: () => {},
    });
    instances = statistics.instances;
  });
  return { seconds, positions: instances * maxSeqLength };
}

export async function copyRate(place: Place): Promise<number> {
  const from = join(place.scratch, 'bytes');
  writeFileSync(from, Buffer.alloc(64 * megabytes, 1));
  const { size } = await stat(from);
  await mkdir(join(place.scratch, 'copy'));
  const to = createWriteStream(join(place.scratch, 'copy', 'bytes'));
  return size / (await cpuSecondsOf(() => pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), to)));
}
