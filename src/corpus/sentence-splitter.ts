import { createTagger, type Dictionary } from '../mecab/index.ts';
import { codePointCount } from '../text/utf8.ts';

export interface SentenceLengths {
  readonly min: number;
  readonly max: number;
}

/** Calls back with where each sentence of one line of UTF-8 begins and ends, spaces around it left out. */
export type SentenceSplitter = (bytes: Uint8Array, end: number, visit: (begin: number, end: number) => void) => void;

const unknown = 0;
const ends = 1;
const goesOn = 2;
const space = 0x20;

/** A sentence ends behind a token that the dictionary calls both a symbol (記号) and a full stop (句点). */
export function createSentenceSplitter(dictionary: Dictionary): SentenceSplitter {
  const tagger = createTagger(dictionary);
  let effects = new Uint8Array(1 << 20);

  function endsSentence(token: number): boolean {
    const id = tagger.featureId(token);
    if (id >= effects.length) {
      const larger = new Uint8Array(2 * id);
      larger.set(effects);
      effects = larger;
    }
    if (effects[id] === unknown) {
      const feature = tagger.feature(token);
      effects[id] = feature.includes('記号') && feature.includes('句点') ? ends : goesOn;
    }
    return effects[id] === ends;
  }

  return (bytes, end, visit) => {
    const count = tagger.parse(bytes, 0, end);
    let begin = 0;
    const visitStripped = (to: number) => {
      while (begin < to && bytes[begin] === space) begin++;
      let last = to;
      while (last > begin && bytes[last - 1] === space) last--;
      visit(begin, last);
      begin = to;
    };
    for (let token = 0; token < count; token++) if (endsSentence(token)) visitStripped(tagger.ends[token]!);
    if (begin < end) visitStripped(end);
  };
}

const equation = Buffer.from('\\displaystyle');

/** Whether a sentence is of the wanted length, in code points, and holds no equation. */
export function isWanted(bytes: Buffer, begin: number, end: number, lengths: SentenceLengths): boolean {
  const length = codePointCount(bytes, begin, end);
  return length >= lengths.min && length <= lengths.max && !bytes.subarray(begin, end).includes(equation);
}
