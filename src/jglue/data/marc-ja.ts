/**
 * MARC-ja from the Multilingual Amazon Reviews Corpus by the rules of JGLUE's preprocess/marc-ja: reviews of 4 and 5 stars are positive, of
 * 1 and 2 negative; none that are ASCII for the most part or longer than 500 characters; shuffled; 94 % train, 3 % valid, 3 % test, which is not
 * given out. JGLUE lists reviews of valid that are dropped, and others whose label was corrected by hand.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { cpythonRandom } from '../../text/cpython-random.ts';
import { openText } from '../../text/reading/open-text.ts';
import { readTextLines } from '../../text/reading/read-text-lines.ts';
import { JglueError } from '../jglue-error.ts';
import { htmlText } from './html-text.ts';
import { tabSeparated } from './tab-separated.ts';

export interface MarcJaOptions {
  /** amazon_reviews_multilingual_JP_v1_00.tsv, gzip or not. */
  readonly corpus: string;
  /** JGLUE's preprocess/marc-ja/data. */
  readonly lists: string;
  /** Files to write. */
  readonly train: string;
  readonly dev: string;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

interface Review {
  readonly sentence: string;
  readonly label: 'positive' | 'negative';
  readonly review_id: string;
}

const columns = { review_id: 2, star_rating: 7, review_body: 13 } as const;
const longestReview = 500;
const mostlyAscii = 0.9;

/** Throws `JglueError` where the corpus is not the one that JGLUE's lists were made for. */
export async function buildMarcJa(options: MarcJaOptions): Promise<{ readonly train: number; readonly dev: number }> {
  const reviews = await readReviews(options);
  cpythonRandom(1).shuffle(reviews);
  const [trainEnd, devEnd] = [Math.trunc(reviews.length * 0.94), Math.trunc(reviews.length * (0.94 + 0.03))];
  const [train, dev] = [reviews.slice(0, trainEnd), reviews.slice(trainEnd, devEnd)];
  const dropped = new Set(
    (await readTextLines(join(options.lists, 'filter_review_id_list/valid.txt'))).map((id) => id.trimEnd()),
  );
  const corrected = new Map(
    (await readTextLines(join(options.lists, 'label_conv_review_id_list/valid.txt'))).map((line) => {
      const [id, label] = line.split(',');
      return [id!, label as Review['label']] as const;
    }),
  );
  const stray = train.find(({ review_id: id }) => dropped.has(id) || corrected.has(id));
  if (stray !== undefined)
    throw otherCorpus(options, `review ${stray.review_id} of JGLUE's valid set falls into train`);
  const kept = dev
    .filter(({ review_id: id }) => !dropped.has(id))
    .map((review) => {
      const label = corrected.get(review.review_id);
      if (label === review.label)
        throw otherCorpus(options, `review ${review.review_id} already has the corrected label`);
      return label === undefined ? review : { ...review, label };
    });
  if (train.length === 0 || kept.length === 0)
    throw otherCorpus(options, `it gives ${train.length} train and ${kept.length} valid reviews`);
  await writeReviews(options.train, train);
  await writeReviews(options.dev, kept);
  return { train: train.length, dev: kept.length };
}

function otherCorpus({ corpus }: MarcJaOptions, why: string): JglueError {
  return new JglueError(
    `${corpus} is not the corpus that MARC-ja was made from, amazon_reviews_multilingual_JP_v1_00.tsv.gz: ${why}`,
  );
}

async function readReviews({ corpus, signal, progress }: MarcJaOptions): Promise<Review[]> {
  const reviews: Review[] = [];
  let isHeader = true;
  const feed = tabSeparated(corpus, (fields, line) => {
    if (isHeader) {
      checkHeader(fields, corpus);
      isHeader = false;
      return;
    }
    const review = reviewOf(fields, `${corpus}:${line}`);
    if (review !== undefined) reviews.push(review);
  });
  const text = await openText(corpus);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (bytes?: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw new JglueError(`${corpus}: not UTF-8 behind review ${reviews.length}`);
    }
  };
  for await (const chunk of text.chunks) {
    signal.throwIfAborted();
    feed(decoded(chunk));
    progress(text.position(), text.size);
  }
  feed(decoded());
  feed(undefined);
  return reviews;
}

function checkHeader(fields: readonly string[], corpus: string): void {
  for (const [name, column] of Object.entries(columns)) {
    if (fields[column] !== name) {
      throw new JglueError(
        `${corpus}:1: column ${column + 1} is '${fields[column] ?? 'missing'}' where '${name}' is expected: is it amazon_reviews_multilingual_JP_v1_00.tsv?`,
      );
    }
  }
}

/** Undefined for a review that MARC-ja leaves out. */
function reviewOf(fields: readonly string[], place: string): Review | undefined {
  const [id, stars, body] = [fields[columns.review_id], fields[columns.star_rating], fields[columns.review_body]];
  if (id === undefined || stars === undefined || body === undefined)
    throw new JglueError(`${place}: a row of ${fields.length} columns`);
  if (!/^[1-5]$/.test(stars)) throw new JglueError(`${place}: '${stars}' is no star rating`);
  if (stars === '3') return undefined;
  const sentence = htmlText(body);
  const characters = Array.from(sentence);
  const ascii = characters.filter((character) => /^[\t-\r -~]$/.test(character)).length;
  if (characters.length > longestReview || ascii >= mostlyAscii * characters.length) return undefined;
  return { sentence, label: Number(stars) >= 4 ? 'positive' : 'negative', review_id: id };
}

/** With Python's spaces between the items. */
async function writeReviews(path: string, reviews: readonly Review[]): Promise<void> {
  const file = createWriteStream(path);
  for (const { sentence, label, review_id: id } of reviews) {
    const line = `{"sentence": ${JSON.stringify(sentence)}, "label": "${label}", "review_id": ${JSON.stringify(id)}}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
