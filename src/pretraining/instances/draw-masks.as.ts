// The masks of one instance in AssemblyScript: `npm run build:kernels` compiles it into draw-masks.ts. It works in the memory of the
// random generator, in parts that masking.ts has reserved there; all are of 32-bit words, by position unless said otherwise.

import { permute, random, randrange } from '../../text/mersenne-twister.as';

/** The instance's tokens: twice the id, and one more if it joins the word of the token before it. */
let tokens: usize;
/** Set s holds members[setBegins[s] … setBegins[s + 1]), positions in ascending order. */
let setBegins: usize;
let members: usize;
/** The sets in shuffled order. */
let order: usize;
/** The id that replaces a token, plus one; 0 where there is no mask. */
let replacements: usize;
/** The masks drawn, in the order of their positions: position × limit of ids + the id that stands there now. */
let masks: usize;
/** What a random word is drawn from. */
let randomIds: usize;
let randomIdCount: u32;

let idLimit: u32;
let cls: u32;
let sep: u32;
let mask: u32;

export function setMemory(
  tokensAt: usize,
  setBeginsAt: usize,
  membersAt: usize,
  orderAt: usize,
  replacementsAt: usize,
  masksAt: usize,
  randomIdsAt: usize,
): void {
  tokens = tokensAt;
  setBegins = setBeginsAt;
  members = membersAt;
  order = orderAt;
  replacements = replacementsAt;
  masks = masksAt;
  randomIds = randomIdsAt;
}

export function setVocabulary(limit: u32, clsId: u32, sepId: u32, maskId: u32, words: u32): void {
  idLimit = limit;
  cls = clsId;
  sep = sepId;
  mask = maskId;
  randomIdCount = words;
}

/**
 * Draws at most `wanted` masks of an instance with tokens at [1, separator) and (separator, end), and returns how many.
 * In shuffled order, each set of candidates that still fits is masked.
 */
export function drawMasks(separator: usize, end: usize, wanted: u32): u32 {
  const setCount = findSets(separator, end);
  permute(order, setCount);
  let masked: u32 = 0;
  for (let i = 0; i < setCount && masked < wanted; i++) {
    const set = setBegins + 4 * load<u32>(order + 4 * <usize>i);
    const setEnd = members + 4 * load<u32>(set, 4);
    let member = members + 4 * load<u32>(set);
    const size = <u32>(setEnd - member) >> 2;
    if (masked + size > wanted) continue;
    masked += size;
    for (; member < setEnd; member += 4) {
      const position = 4 * load<u32>(member);
      store<u32>(replacements + position, replacement(load<u32>(tokens + position) >> 1) + 1);
    }
  }
  collectMasks(masked);
  return masked;
}

/** Candidates are sets of positions: a token that joins goes to the set before it, even across [SEP]. */
function findSets(separator: usize, end: usize): i32 {
  let added: u32 = 0;
  let sets: u32 = 0;
  for (let position: usize = 1; position < end; position++) {
    const token = load<u32>(tokens + 4 * position);
    const id = token >> 1;
    if (position == separator || id == cls || id == sep) continue;
    // Which tokens join is in no order that a branch predictor learns: what is written for one that does is overwritten.
    const joins = token & <u32>(sets > 0);
    store<u32>(setBegins + 4 * <usize>sets, added);
    sets += 1 - joins;
    store<u32>(members + 4 * <usize>added, position);
    added++;
  }
  store<u32>(setBegins + 4 * <usize>sets, added);
  return sets;
}

/** Of a token: 80 % [MASK], 10 % itself, 10 % any word of the vocabulary. */
function replacement(original: u32): u32 {
  if (random() < 0.8) return mask;
  if (random() < 0.5) return original;
  return load<u32>(randomIds + 4 * randrange(randomIdCount));
}

/** Writes the masks in the order of their positions, and leaves no replacements. */
function collectMasks(count: u32): void {
  const last = masks + 4 * count;
  let at = masks;
  for (let position: u32 = 1; at < last; position++) {
    const replaced = load<u32>(replacements + 4 * position);
    store<u32>(at, position * idLimit + replaced - 1); // The next one takes its place if nothing is replaced here.
    at += 4 * <usize>(replaced != 0);
    store<u32>(replacements + 4 * position, 0);
  }
}
