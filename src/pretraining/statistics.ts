import type { TokenizedCorpus } from './corpus/tokenized-corpus.ts';
import type { InstanceCounts } from './instances/make-instances.ts';

/** What `stats.json` says. */
export interface Statistics {
  readonly documents: number;
  readonly sentences: number;
  readonly tokens: number;
  readonly unknown_tokens: number;
  readonly unknown_rate: number;
  readonly instances: number;
  readonly masked_tokens: number;
  readonly random_next_share: number;
  readonly mean_length: number;
  /** Instances by number of tokens, special ones included; `to` is part of the range. */
  readonly lengths: readonly { readonly from: number; readonly to: number; readonly instances: number }[];
}

const histogramBars = 8;

export function statistics(corpus: TokenizedCorpus, unknownTokens: number, made: InstanceCounts): Statistics {
  const tokensInInstances = made.lengths.reduce((sum, instances, length) => sum + instances * length, 0);
  return {
    documents: corpus.documentStarts.length - 1,
    sentences: corpus.sentenceStarts.length - 1,
    tokens: corpus.ids.length,
    unknown_tokens: unknownTokens,
    unknown_rate: unknownTokens / corpus.ids.length,
    instances: made.instances,
    masked_tokens: made.maskedTokens,
    random_next_share: made.randomNext / made.instances,
    mean_length: tokensInInstances / made.instances,
    lengths: histogram(made.lengths),
  };
}

/** Ranges of equal width up to the longest length there can be. */
function histogram(counts: Uint32Array): Statistics['lengths'] {
  const longest = counts.length - 1;
  const width = Math.ceil(longest / histogramBars);
  return Array.from({ length: Math.ceil(longest / width) }, (_, i) => {
    const from = i * width + 1;
    const to = Math.min(longest, from + width - 1);
    return { from, to, instances: counts.subarray(from, to + 1).reduce((sum, count) => sum + count, 0) };
  });
}

/** The statistics as a table of text, a line each. */
export function statisticsTable(stats: Statistics): string[] {
  const whole = (x: number) => x.toLocaleString('en-US');
  const percent = (x: number) => `${(100 * x).toFixed(2)} %`;
  const rows: (readonly [string, string])[] = [
    ['documents', whole(stats.documents)],
    ['sentences', whole(stats.sentences)],
    ['tokens', whole(stats.tokens)],
    ['unknown', percent(stats.unknown_rate)],
    ['instances', whole(stats.instances)],
    ['masked tokens', whole(stats.masked_tokens)],
    ['random next', percent(stats.random_next_share)],
    ['mean length', stats.mean_length.toFixed(1)],
    ...stats.lengths.map(({ from, to, instances }) => [`length ${from}–${to}`, whole(instances)] as const),
  ];
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows.map(([name, value]) => `${name.padEnd(nameWidth)}  ${value.padStart(valueWidth)}`);
}
