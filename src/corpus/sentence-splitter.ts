import { createTagger, type Dictionary, type SureWords, sureWordFlags } from '../mecab/index.ts';
import { codePointCount, sequenceWidth } from '../text/utf8.ts';

export interface SentenceLengths {
  readonly min: number;
  readonly max: number;
}

/** Calls back with where each sentence of one line of UTF-8 without U+0000 begins and ends, spaces around it left out. */
export type SentenceSplitter = (bytes: Uint8Array, end: number, visit: (begin: number, end: number) => void) => void;

const unknown = 0;
const ends = 1;
const goesOn = 2;
const space = 0x20;

/** What the feature of a token that ends a sentence contains: it is both a symbol and a full stop. */
export const sentenceEnd = ['記号', '句点'] as const;

/** `sure` spares the search wherever it is not needed to tell where sentences end, which is nearly everywhere. */
export function createSentenceSplitter(dictionary: Dictionary, sure: SureWords | undefined): SentenceSplitter {
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
      effects[id] = sentenceEnd.every((part) => feature.includes(part)) ? ends : goesOn;
    }
    return effects[id] === ends;
  }

  /** Sentence ends among the words of `bytes[begin, end)`. */
  function search(bytes: Uint8Array, begin: number, end: number, visitEnd: (at: number) => void): void {
    const count = tagger.parse(bytes, begin, end);
    for (let token = 0; token < count; token++) if (endsSentence(token)) visitEnd(tagger.ends[token]!);
  }

  const forEachEnd = sure ? sureEnds(sure.flags, search) : search;
  return (bytes, end, visit) => {
    let begin = 0;
    const visitStripped = (to: number) => {
      if (to <= begin) return;
      while (begin < to && bytes[begin] === space) begin++;
      let last = to;
      while (last > begin && bytes[last - 1] === space) last--;
      visit(begin, last);
      begin = to;
    };
    forEachEnd(bytes, 0, end, visitStripped);
    visitStripped(end);
  };
}

type ForEachEnd = (bytes: Uint8Array, begin: number, end: number, visitEnd: (at: number) => void) => void;

/**
 * Searches only stretches with a possible end that is not sure. They reach from one sure end to another, both included: paths
 * in between depend on nothing else. An end where a stretch begins is visited again.
 */
function sureEnds(flags: Uint8Array, search: ForEachEnd): ForEachEnd {
  const { possible, sure, joinsNext, joinsPrevious } = sureWordFlags;
  const flagsAt = (bytes: Uint8Array, at: number): number => {
    const first = bytes[at]!;
    if (first < 0x80) return flags[first]!;
    if (first < 0xe0) return flags[((first & 31) << 6) | (bytes[at + 1]! & 63)]!;
    if (first < 0xf0) return flags[((first & 15) << 12) | ((bytes[at + 1]! & 63) << 6) | (bytes[at + 2]! & 63)]!;
    return joinsNext | joinsPrevious;
  };
  return (bytes, begin, end, visitEnd) => {
    let from = begin;
    let mustSearch = false;
    let before = 0;
    for (let at = begin; at < end; ) {
      const here = flagsAt(bytes, at);
      const next = at + sequenceWidth(bytes[at]!);
      if (here & possible) {
        const isFree = !(before & joinsNext) && !(next < end && flagsAt(bytes, next) & joinsPrevious);
        if (here & sure && isFree) {
          if (mustSearch) search(bytes, from, next, visitEnd);
          else visitEnd(next);
          from = at;
          mustSearch = false;
        } else mustSearch = true;
      }
      before = here;
      at = next;
    }
    if (mustSearch) search(bytes, from, end, visitEnd);
  };
}

const equation = Buffer.from('\\displaystyle');

/** Whether a sentence is of the wanted length, in code points, and holds no equation. */
export function isWanted(bytes: Buffer, begin: number, end: number, lengths: SentenceLengths): boolean {
  const length = codePointCount(bytes, begin, end);
  return length >= lengths.min && length <= lengths.max && !bytes.subarray(begin, end).includes(equation);
}
