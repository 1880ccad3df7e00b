import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rate } from '../../src/stage/index.ts';
import { embedded, fetchDictionary } from '../fetch-dictionary.ts';
import { rates, type TrainingRates, trainingRates } from '../rates.ts';
import { ownDevice } from '../training-cost.ts';
import { measureTraining } from './measure-training.ts';
import {
  copyRate,
  type Place,
  pretrainingRates,
  sentencesRate,
  splitRate,
  unpackXzRate,
  vocabularyRate,
} from './text-rates.ts';

/** Measures what costs are reckoned with, a rate after the other, by small runs of the stages' own code; half a minute in all. */
export async function* measureRates(): AsyncGenerator<readonly [Rate, number]> {
  const scratch = await mkdtemp(join(tmpdir(), 'kumiki-measure-'));
  try {
    const place = { scratch, dictionary: await dictionaryIn(scratch) };
    yield [rates.copy, await copyRate(place)];
    yield [rates.split, await splitRate(place)];
    const unpackXz = await unpackXzRate(place);
    if (unpackXz !== undefined) yield [rates.unpackXz, unpackXz];
    yield [rates.sentences, ofCorpus(rates.sentences, await sentencesRate(place), 15e6)];
    yield [rates.vocabulary, ofCorpus(rates.vocabulary, await vocabularyRate(place), 9.8e6)];
    const { tokenize, instances } = await pretrainingRates(place);
    yield [rates.tokenize, ofCorpus(rates.tokenize, tokenize, 6.4e6)];
    yield [rates.instances, instances];
    const { operations, bytes }: TrainingRates = trainingRates[ownDevice()];
    const training = await measureTraining();
    yield [operations, training.operations];
    if (bytes !== undefined) yield [bytes, training.bytes];
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The sample has few distinct words, and so is quicker than a corpus: by the factor between what is assumed, which is of
 * corpora, and what the sample gave on the machine that they were measured on.
 */
function ofCorpus({ assumed }: Rate, ofSample: number, ofSampleThere: number): number {
  return (assumed * ofSample) / ofSampleThere;
}

async function dictionaryIn(scratch: string): Promise<Place['dictionary']> {
  const target = join(scratch, 'dictionary');
  await mkdir(target);
  const signal = new AbortController().signal;
  await fetchDictionary({ package: embedded, sha256: undefined, target, scratch, signal, log: () => {} });
  return target;
}
