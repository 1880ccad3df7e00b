import type { Dictionary } from './dictionary.ts';
import { featureOf } from './format/lexicon.ts';
import { createSearcher } from './search/searcher.ts';

/** MeCab for one thread. The arrays hold the tokens of the last line parsed; they are replaced when they grow. */
export interface Tagger {
  /** Parses one line of UTF-8 in `bytes[begin, end)` and returns its number of tokens; like MeCab, stops at U+0000. */
  parse(bytes: Uint8Array, begin: number, end: number): number;
  /** Offsets in `bytes` of each token's surface, white space before it excluded. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Records of the tokens: system dictionary, user dictionaries, unknown words, numbered through. */
  readonly tokens: Int32Array;
  /** How many records the dictionaries have: one below it bears one surface, wherever it is met. */
  readonly knownTokens: number;
  /** The feature string of the i-th token of the last line. */
  feature(i: number): string;
  /** A number for that feature, equal only for equal features: for tables of what callers know about features. */
  featureId(i: number): number;
}

/**
 * A tagger for the calling thread: make one and keep it. It holds some MB of the dictionary's shared memory, more after long
 * lines, which come back only with the dictionary. Throws RangeError where 4 GiB hold no room for a line (tens of MB).
 */
export function createTagger(dictionary: Dictionary): Tagger {
  const { lexicons, unknown, settings } = dictionary;
  const search = createSearcher(dictionary.image, settings.maxGroupingSize);
  const sources = [...lexicons, unknown];
  const feature = (token: number): string => {
    let at = token;
    for (const lexicon of sources) {
      const count = lexicon.tokens.length / 8;
      if (at < count) {
        return lexicon === unknown && settings.unknownFeature !== undefined
          ? settings.unknownFeature
          : featureOf(lexicon, at);
      }
      at -= count;
    }
    throw new RangeError(`no token ${token}`);
  };
  return {
    parse: search.parse,
    get starts() {
      return search.starts;
    },
    get ends() {
      return search.ends;
    },
    get tokens() {
      return search.tokens;
    },
    knownTokens: lexicons.reduce((sum, lexicon) => sum + lexicon.tokens.length / 8, 0),
    feature: (i) => feature(search.tokens[i]!),
    featureId: (i) => search.tokens[i]!,
  };
}

/** The surfaces of a text's tokens. Line feeds are characters like others, as in MeCab's library. */
export function tokenizeText(tagger: Tagger, text: string): string[] {
  const bytes = Buffer.from(text);
  const count = tagger.parse(bytes, 0, bytes.length);
  const { starts, ends } = tagger;
  return Array.from({ length: count }, (_, i) => bytes.toString('utf8', starts[i], ends[i]));
}
