// MeCab's search in AssemblyScript: `npm run build:kernels` compiles it into kernel.ts.
//
// All state lies in one shared memory: the dictionary's image (image.ts), and for each instance an arena of its own.
// A *group* is a surface found at a position: words that begin and end together. A *node* is one word in the lattice,
// 8 bytes: cost of the best path to its end, and its right id. No node knows its predecessor; the few on the best
// path find theirs again at the end, which keeps ties and back pointers out of the inner loop.

// The dictionary's image.
let characters: usize;
let matrix: usize;
let rowBytes: u32;
let lexicons: usize;
let lexiconCount: i32;
let unknownWords: usize;
let maxGroupingSize: i32;
let longestScan: i32;
let boundaryLeftId: u32;
let boundaryRightId: u32;
let space: u32;

// The arena.
let known: usize; // of each left id: stamp of the position, best cost before it
let candidateCosts: usize;
let candidateIds: usize; // right ids × 2: offsets in a row of the matrix
let candidateCapacity: i32;
let text: usize;
let heads: usize; // of each position: the last group that ends there
let starts: usize;
let ends: usize;
let tokens: usize;
let groups: usize;
let groupsEnd: usize;
let nodes: usize;
let nodesEnd: usize;

let stamp: u32 = 0;
let candidateCount: i32 = 0;
let nextGroup: usize;
let nextNode: usize;
let lineEnd: usize;
let width: u32 = 1;

const GROUP_BYTES: usize = 20; // next group, nodes, words, begin, start
const FAR: i32 = 0x3fffffff;
const REBASE: i32 = 0x10000000;
const REACH: usize = 65535; // MeCab looks no further from where a word begins
const KINDS: u32 = 0x3ffff;

export function setDictionary(
  charactersAt: usize,
  matrixAt: usize,
  leftSize: u32,
  lexiconsAt: usize,
  lexiconTotal: i32,
  unknownWordsAt: usize,
  groupingSize: i32,
  leftIdOfEnd: u32,
  rightIdOfBegin: u32,
): void {
  characters = charactersAt;
  matrix = matrixAt;
  rowBytes = leftSize << 1;
  lexicons = lexiconsAt;
  lexiconCount = lexiconTotal;
  unknownWords = unknownWordsAt;
  maxGroupingSize = groupingSize;
  longestScan = max(groupingSize, 15);
  boundaryLeftId = leftIdOfEnd;
  boundaryRightId = rightIdOfBegin;
  space = load<u32>(characters + (0x20 << 2)) & KINDS;
}

export function setArena(
  knownAt: usize,
  candidatesAt: usize,
  candidateTotal: i32,
  textAt: usize,
  headsAt: usize,
  startsAt: usize,
  endsAt: usize,
  tokensAt: usize,
  groupsAt: usize,
  nodesAt: usize,
  arenaEnd: usize,
): void {
  known = knownAt;
  candidateCosts = candidatesAt;
  candidateIds = candidatesAt + (<usize>candidateTotal << 2);
  candidateCapacity = candidateTotal;
  text = textAt;
  heads = headsAt;
  starts = startsAt;
  ends = endsAt;
  tokens = tokensAt;
  groups = groupsAt;
  groupsEnd = nodesAt;
  nodes = nodesAt;
  nodesEnd = arenaEnd;
}

/** Parses the text in the arena; returns the number of tokens, or −1 if the arena is too small. */
export function parse(length: i32, origin: i32): i32 {
  lineEnd = text + lengthToZero(length);
  store<u64>(lineEnd, 0);
  memory.fill(heads, 0, ((lineEnd - text) << 2) + 4);
  nextGroup = groups;
  nextNode = nodes;
  begin();
  const last = lineEnd - text;
  for (let position: usize = 0; position < last; position++) {
    if (load<u32>(heads + (position << 2)) === 0) continue;
    if (!collectCandidates(position)) return -1;
    const cost = load<i32>(candidateCosts);
    if (cost > REBASE || cost < -REBASE) {
      lowerCosts(position, last, cost);
      collectCandidates(position);
    }
    if (!lookUp(position)) return -1;
  }
  let end = last;
  while (load<u32>(heads + (end << 2)) === 0) end--;
  if (!collectCandidates(end)) return -1;
  return collectPath(end, origin);
}

function lengthToZero(length: i32): usize {
  store<u8>(text + length, 0);
  let at = text;
  while (v128.all_true<i8>(v128.load(at))) at += 16;
  while (load<u8>(at) !== 0) at++;
  return at - text;
}

/** The node of BOS, which ends at 0. Its group has no words. */
function begin(): void {
  store<u32>(nextNode, 0);
  store<u32>(nextNode, boundaryRightId << 1, 4);
  addGroup(0, 0, 0, 0);
  nextNode += 8;
}

@inline
function addGroup(words: usize, begin: usize, start: usize, end: usize): void {
  const head = heads + (end << 2);
  store<u32>(nextGroup, load<u32>(head));
  store<u32>(nextGroup, nextNode, 4);
  store<u32>(nextGroup, words, 8);
  store<u32>(nextGroup, begin, 12);
  store<u32>(nextGroup, start, 16);
  store<u32>(head, nextGroup);
  nextGroup += GROUP_BYTES;
}

/** Makes all costs from `position` on relative to `amount`: MeCab gives up where the cost of a line leaves 32 bits. */
function lowerCosts(position: usize, last: usize, amount: i32): void {
  for (; position <= last; position++) {
    for (let group: usize = load<u32>(heads + (position << 2)); group !== 0; group = load<u32>(group)) {
      let node: usize = load<u32>(group, 4);
      for (const end = node + (<usize>sizeOf(group) << 3); node < end; node += 8) {
        store<i32>(node, load<i32>(node) - amount);
      }
    }
  }
}

/** How many nodes a group has: one for each of its words; that of BOS has none. */
@inline
function sizeOf(group: usize): i32 {
  const words: usize = load<u32>(group, 8);
  return words === 0 ? 1 : load<i32>(words);
}

/** Gathers the nodes that end at `position`, cheap to read in fours; false if there are too many. */
function collectCandidates(position: usize): bool {
  let count = 0;
  for (let group: usize = load<u32>(heads + (position << 2)); group !== 0; group = load<u32>(group)) {
    const size = sizeOf(group);
    let node: usize = load<u32>(group, 4);
    if (count + size + 4 > candidateCapacity) return false;
    for (let i = 0; i < size; i++, node += 8) {
      store<i32>(candidateCosts + (<usize>count << 2), load<i32>(node));
      store<u32>(candidateIds + (<usize>count << 2), load<u32>(node, 4));
      count++;
    }
  }
  candidateCount = count;
  if (++stamp === 0) {
    memory.fill(known, 0, candidateCosts - known);
    stamp = 1;
  }
  for (let i = 0; i < 4; i++, count++) {
    store<i32>(candidateCosts + (<usize>count << 2), FAR);
    store<u32>(candidateIds + (<usize>count << 2), 0);
  }
  return true;
}

/** Cost of the best path to a word with this left id that begins at the position of the candidates. */
@inline
function bestBefore(leftId: u32): i32 {
  const entry = known + (leftId << 3);
  if (load<u32>(entry) === stamp) return load<i32>(entry, 4);
  const row = matrix + leftId * rowBytes;
  let best = i32x4.splat(FAR);
  let costs = candidateCosts;
  const ids = candidateIds - candidateCosts;
  for (const end = costs + (<usize>candidateCount << 2); costs < end; costs += 16) {
    const id = costs + ids;
    let pair = i16x8.splat(0);
    pair = v128.load_lane<i16>(row + load<u32>(id), pair, 0);
    pair = v128.load_lane<i16>(row + load<u32>(id, 4), pair, 1);
    pair = v128.load_lane<i16>(row + load<u32>(id, 8), pair, 2);
    pair = v128.load_lane<i16>(row + load<u32>(id, 12), pair, 3);
    best = i32x4.min_s(best, i32x4.add(v128.load(costs), i32x4.extend_low_i16x8_s(pair)));
  }
  best = i32x4.min_s(best, i32x4.shuffle(best, best, 2, 3, 0, 1));
  best = i32x4.min_s(best, i32x4.shuffle(best, best, 1, 0, 3, 2));
  const cost = i32x4.extract_lane(best, 0);
  store<u32>(entry, stamp);
  store<i32>(entry, cost, 4);
  return cost;
}

/** Adds a group and its nodes; false if the arena is full. Words: count, first token, then 8 bytes each. */
@inline
function addWords(words: usize, begin: usize, start: usize, end: usize): bool {
  const count: usize = load<u32>(words);
  if (nextNode + (count << 3) > nodesEnd || nextGroup + GROUP_BYTES > groupsEnd) return false;
  addGroup(words, begin, start, end);
  let word = words + 8;
  for (const last = word + (count << 3); word < last; word += 8) {
    store<i32>(nextNode, bestBefore(load<u16>(word)) + <i32>load<i16>(word, 4));
    store<u32>(nextNode, <u32>load<u16>(word, 2) << 1, 4);
    nextNode += 8;
  }
  return true;
}

@inline
function codeOfThree(at: usize): u32 {
  return ((<u32>load<u8>(at) & 0x0f) << 12) | ((<u32>load<u8>(at, 1) & 0x3f) << 6) | (<u32>load<u8>(at, 2) & 0x3f);
}

/** The entry of the character at `at`, its bytes in `width`: MeCab's decoder, which does not look at trailing bytes. */
@inline
function character(at: usize, end: usize): u32 {
  const lead: u32 = load<u8>(at);
  let code: u32 = 0;
  let bytes: u32 = 1;
  if (lead < 0x80) {
    code = lead;
  } else if (lead >= 0xe0) {
    if (lead < 0xf0) {
      bytes = 3;
      code = codeOfThree(at);
    } else bytes = lead < 0xf8 ? 4 : lead < 0xfc ? 5 : lead < 0xfe ? 6 : 1;
  } else if (lead >= 0xc0) {
    bytes = 2;
    code = ((lead & 0x1f) << 6) | (<u32>load<u8>(at, 1) & 0x3f);
  }
  if (at + bytes > end) {
    bytes = 1;
    code = 0;
  }
  width = bytes;
  return load<u32>(characters + (code << 2));
}

/** Adds what begins at `position`: words of the dictionaries, then unknown ones. */
function lookUp(position: usize): bool {
  let at = text + position;
  let entry = character(at, lineEnd);
  while ((entry & space) !== 0) {
    at += width;
    if (at >= lineEnd) return true;
    entry = character(at, lineEnd);
  }
  const end = min(lineEnd, at + REACH);
  const start = at - text;
  const first = nextGroup;
  const afterFirst = at + width;
  for (let i = 0; i < lexiconCount; i++) {
    if (!addMatches(lexicons + (<usize>i << 3), position, start, end)) return false;
  }
  if (nextGroup > first && entry >>> 31 === 0) return true;

  const words: usize = load<u32>(unknownWords + (((entry >>> 18) & 0xff) << 2));
  let groupEnd: usize = 0;
  if (entry & 0x40000000) {
    groupEnd = afterFirst;
    let size = 0;
    let last = entry;
    while (groupEnd < end && size <= longestScan) {
      const next = character(groupEnd, end);
      if ((last & next & KINDS) === 0) break;
      last = next;
      groupEnd += width;
      size++;
    }
    if (size <= maxGroupingSize && !addWords(words, position, start, groupEnd - text)) return false;
  }
  let to = afterFirst;
  for (let i = (entry >>> 26) & 0xf; i > 0 && to !== groupEnd; i--) {
    if (!addWords(words, position, start, to - text)) return false;
    if (to >= end || (entry & character(to, end) & KINDS) === 0) break;
    to += width;
  }
  return nextGroup > first || addWords(words, position, start, to - text);
}

/**
 * Adds the words of a lexicon that begin the text at `start`. A unit of its trie is a state (base × 2 + whether words
 * end here) and a check; characters of three bytes lead from the root to a state in one step.
 */
function addMatches(lexicon: usize, position: usize, start: usize, end: usize): bool {
  const trie: usize = load<u32>(lexicon);
  let at = text + start;
  let state: u32;
  if ((load<u32>(at) & 0xc0c0f0) === 0x8080e0 && at + 3 <= end) {
    state = load<u32>(load<u32>(lexicon, 4) + (codeOfThree(at) << 2));
    if (state === 0) return true;
    at += 3;
  } else {
    state = load<u32>(trie);
  }
  while (true) {
    const base = state >>> 1;
    if (state & 1 && !addWords(load<u32>(trie + (base << 3)), position, start, at - text)) return false;
    if (at >= end) return true;
    const unit = trie + ((base + <u32>load<u8>(at) + 1) << 3);
    if (load<u32>(unit, 4) !== base) return true;
    state = load<u32>(unit);
    at++;
  }
}

/** Follows the best path back from the candidates at `end`; returns its length. */
function collectPath(end: usize, origin: i32): i32 {
  let count = 0;
  let leftId = boundaryLeftId;
  let position = end;
  while (true) {
    const row = matrix + leftId * rowBytes;
    let best = i32.MAX_VALUE;
    let chosen: usize = 0;
    let chosenWord: usize = 0;
    for (let group: usize = load<u32>(heads + (position << 2)); group !== 0; group = load<u32>(group)) {
      const words: usize = load<u32>(group, 8);
      const size = sizeOf(group);
      let node: usize = load<u32>(group, 4);
      for (let i = 0; i < size; i++, node += 8) {
        const cost = load<i32>(node) + <i32>load<i16>(row + load<u32>(node, 4));
        // Among equals MeCab takes the word that begins last; of words that begin together the first found.
        if (cost < best || (cost === best && chosen !== group && load<u32>(group, 12) === load<u32>(chosen, 12))) {
          best = cost;
          chosen = group;
          chosenWord = words + 8 + (<usize>i << 3);
        }
      }
    }
    const words: usize = load<u32>(chosen, 8);
    if (words === 0) break;
    const to: usize = <usize>count << 2;
    store<i32>(starts + to, origin + load<i32>(chosen, 16));
    store<i32>(ends + to, origin + <i32>position);
    store<i32>(tokens + to, load<i32>(words, 4) + <i32>load<u16>(chosenWord, 6));
    count++;
    leftId = load<u16>(chosenWord);
    position = load<u32>(chosen, 12);
  }
  reverse(starts, count);
  reverse(ends, count);
  reverse(tokens, count);
  return count;
}

function reverse(array: usize, count: i32): void {
  let low = array;
  let high = array + (<usize>count << 2) - 4;
  for (; low < high; low += 4, high -= 4) {
    const value = load<i32>(low);
    store<i32>(low, load<i32>(high));
    store<i32>(high, value);
  }
}
