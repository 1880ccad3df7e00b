import type { Dictionary } from './dictionary.ts';

/** The best path through one line's lattice. */
export interface Search {
  parse(bytes: Uint8Array, begin: number, end: number): number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
}

/** MeCab looks no further than this from where a token begins. */
const REACH = 65535;
const NO_NODE = -1;
const WORST = 0x7fffffff;

export function createSearch(dictionary: Dictionary): Search {
  const { lexicons, unknown, unknownTokens } = dictionary;
  const { entries } = dictionary.characters;
  const { costs, leftSize, rightSize } = dictionary.connections;
  const { maxGroupingSize } = dictionary.settings;
  const space = entries[0x20]!;
  const firstTokens = [0];
  for (const { tokens } of lexicons) firstTokens.push(firstTokens.at(-1)! + tokens.length / 8);
  const firstUnknown = firstTokens.at(-1)!;

  // Nodes of the lattice, one array a field. Lists run from the node connected last to the first: MeCab's order, in
  // which the first of equally cheap nodes wins.
  let nodeToken = new Int32Array(0);
  let nodeStart = new Int32Array(0);
  let nodeEnd = new Int32Array(0);
  let nodeLeftId = new Uint16Array(0);
  let nodeRightId = new Uint16Array(0);
  let nodeCost = new Int32Array(0);
  let nodePrevious = new Int32Array(0);
  let nodeNext = new Int32Array(0);
  let heads = new Int32Array(0);
  let nodeCount = 0;

  let starts = new Int32Array(64);
  let ends = new Int32Array(64);
  let tokens = new Int32Array(64);

  // Distinct right ids of the nodes that end at a position: the cheapest node of each, in list order.
  const candidateNode = new Int32Array(leftSize);
  const candidateOrder = new Int32Array(leftSize);
  const candidateCost = new Int32Array(leftSize);
  const candidateRightId = new Uint16Array(leftSize);
  const candidateOf = new Int32Array(leftSize);
  const candidateStamp = new Int32Array(leftSize);
  // What is known already about left ids of nodes that begin there.
  const bestCost = new Int32Array(rightSize);
  const bestNode = new Int32Array(rightSize);
  const bestStamp = new Int32Array(rightSize);
  let stamp = 0;

  let line: Uint8Array = new Uint8Array(0);
  let lineEnd = 0;
  let width = 0;

  function growNodes(): void {
    const size = Math.max(1024, nodeToken.length * 2);
    const grown = <A extends Int32Array | Uint16Array>(array: A, empty: A): A => {
      empty.set(array);
      return empty;
    };
    nodeToken = grown(nodeToken, new Int32Array(size));
    nodeStart = grown(nodeStart, new Int32Array(size));
    nodeEnd = grown(nodeEnd, new Int32Array(size));
    nodeLeftId = grown(nodeLeftId, new Uint16Array(size));
    nodeRightId = grown(nodeRightId, new Uint16Array(size));
    nodeCost = grown(nodeCost, new Int32Array(size));
    nodePrevious = grown(nodePrevious, new Int32Array(size));
    nodeNext = grown(nodeNext, new Int32Array(size));
  }

  /** The entry of the character at `at`, its bytes in `width`: MeCab's decoder, which does not look at trailing bytes. */
  function character(at: number, end: number): number {
    const lead = at < end ? line[at]! : 0;
    width = 1;
    if (lead < 0x80) return entries[lead]!;
    const left = end - at;
    if (lead >= 0xe0) {
      if (lead < 0xf0) {
        if (left < 3) return entries[0]!;
        width = 3;
        return entries[((lead & 0x0f) << 12) | ((line[at + 1]! & 0x3f) << 6) | (line[at + 2]! & 0x3f)]!;
      }
      const length = lead < 0xf8 ? 4 : lead < 0xfc ? 5 : lead < 0xfe ? 6 : 1;
      if (left >= length) width = length;
      return entries[0]!;
    }
    if (lead < 0xc0 || left < 2) return entries[0]!;
    width = 2;
    return entries[((lead & 0x1f) << 6) | (line[at + 1]! & 0x3f)]!;
  }

  function addNodes(
    records: Uint16Array,
    first: number,
    count: number,
    base: number,
    start: number,
    end: number,
  ): void {
    for (let token = first; token < first + count; token++) {
      if (nodeCount === nodeToken.length) growNodes();
      const node = nodeCount++;
      nodeToken[node] = base + token;
      nodeLeftId[node] = records[token * 8]!;
      nodeRightId[node] = records[token * 8 + 1]!;
      nodeCost[node] = (records[token * 8 + 3]! << 16) >> 16;
      nodeStart[node] = start;
      nodeEnd[node] = end;
    }
  }

  /** Adds the nodes that begin at `position`: words of the dictionaries, then unknown ones. */
  function lookUp(position: number): void {
    const end = Math.min(lineEnd, position + REACH);
    const firstNode = nodeCount;
    let start = position;
    let entry = character(start, end);
    while (entry & space & 0x3ffff) {
      start += width;
      if (start === end) break;
      entry = character(start, end);
    }
    const afterFirst = start + width;
    for (let i = 0; i < lexicons.length; i++) addWords(i, start, end);
    if (nodeCount > firstNode && entry >>> 31 === 0) return;

    const { first, count } = unknownTokens[(entry >>> 18) & 0xff]!;
    const addUnknown = (to: number) => addNodes(unknown.tokens, first, count, firstUnknown, start, to);
    if (afterFirst > end) {
      addUnknown(afterFirst);
      if (nodeCount > firstNode) return;
    }
    let groupEnd = -1;
    if (entry & 0x40000000) {
      groupEnd = afterFirst;
      let size = 0;
      for (let last = entry; groupEnd < end; size++) {
        const next = character(groupEnd, end);
        if ((last & next & 0x3ffff) === 0) break;
        last = next;
        groupEnd += width;
      }
      if (size <= maxGroupingSize) addUnknown(groupEnd);
    }
    let to = afterFirst;
    for (let i = (entry >>> 26) & 0xf; i > 0 && to <= end && to !== groupEnd; i--) {
      addUnknown(to);
      if ((entry & character(to, end) & 0x3ffff) === 0) break;
      to += width;
    }
    if (nodeCount === firstNode) addUnknown(to);
  }

  function addWords(lexicon: number, start: number, end: number): void {
    const { trie, tokens: records } = lexicons[lexicon]!;
    const firstToken = firstTokens[lexicon]!;
    let base = trie[0]!;
    for (let at = start; ; at++) {
      const leaf = trie[2 * base]!;
      if (leaf < 0 && trie[2 * base + 1] === base) {
        const value = -leaf - 1;
        addNodes(records, value >>> 8, value & 0xff, firstToken, start, at);
      }
      if (at >= end) return;
      const unit = base + line[at]! + 1;
      if (trie[2 * unit + 1] !== base) return;
      base = trie[2 * unit]!;
    }
  }

  /** Collects the candidates among the nodes that end at `position`; returns how many. */
  function collectCandidates(position: number): number {
    stamp++;
    let count = 0;
    let order = 0;
    for (let node = heads[position]!; node !== NO_NODE; node = nodeNext[node]!, order++) {
      const rightId = nodeRightId[node]!;
      const cost = nodeCost[node]!;
      if (candidateStamp[rightId] !== stamp) {
        candidateStamp[rightId] = stamp;
        candidateOf[rightId] = count;
        candidateRightId[count] = rightId;
        candidateNode[count] = node;
        candidateOrder[count] = order;
        candidateCost[count++] = cost;
      } else {
        const candidate = candidateOf[rightId]!;
        if (cost < candidateCost[candidate]!) {
          candidateCost[candidate] = cost;
          candidateNode[candidate] = node;
          candidateOrder[candidate] = order;
        }
      }
    }
    return count;
  }

  /** The cheapest of the candidates before a left id; among equals the one connected last. */
  function bestBefore(leftId: number, count: number): void {
    const row = leftSize * leftId;
    let best = WORST;
    let chosen = 0;
    for (let i = 0; i < count; i++) {
      const cost = candidateCost[i]! + costs[row + candidateRightId[i]!]!;
      if (cost < best || (cost === best && candidateOrder[i]! < candidateOrder[chosen]!)) {
        best = cost;
        chosen = i;
      }
    }
    bestStamp[leftId] = stamp;
    bestCost[leftId] = best;
    bestNode[leftId] = candidateNode[chosen]!;
  }

  function parse(bytes: Uint8Array, begin: number, end: number): number {
    line = bytes.subarray(begin, end);
    const zero = line.indexOf(0);
    lineEnd = zero < 0 ? line.length : zero;
    if (heads.length < lineEnd + 8) heads = new Int32Array(2 * (lineEnd + 8));
    heads.fill(NO_NODE, 0, lineEnd + 8);
    if (nodeToken.length === 0) growNodes();
    nodeCount = 1;
    nodeRightId[0] = 0;
    nodeCost[0] = 0;
    nodeNext[0] = NO_NODE;
    nodePrevious[0] = NO_NODE;
    heads[0] = 0;
    for (let position = 0; position < lineEnd; position++) {
      if (heads[position] === NO_NODE) continue;
      const firstNode = nodeCount;
      lookUp(position);
      const count = collectCandidates(position);
      for (let node = nodeCount - 1; node >= firstNode; node--) {
        const leftId = nodeLeftId[node]!;
        if (bestStamp[leftId] !== stamp) bestBefore(leftId, count);
        nodeCost[node]! += bestCost[leftId]!;
        nodePrevious[node] = bestNode[leftId]!;
        const to = nodeEnd[node]!;
        nodeNext[node] = heads[to]!;
        heads[to] = node;
      }
    }
    let last = lineEnd;
    while (heads[last] === NO_NODE) last--;
    bestBefore(0, collectCandidates(last));
    return collectPath(bestNode[0]!, begin);
  }

  function collectPath(last: number, begin: number): number {
    let count = 0;
    for (let node = last; node > 0; node = nodePrevious[node]!) count++;
    if (starts.length < count) {
      starts = new Int32Array(2 * count);
      ends = new Int32Array(2 * count);
      tokens = new Int32Array(2 * count);
    }
    for (let node = last, i = count - 1; node > 0; node = nodePrevious[node]!, i--) {
      starts[i] = begin + nodeStart[node]!;
      ends[i] = begin + nodeEnd[node]!;
      tokens[i] = nodeToken[node]!;
    }
    return count;
  }

  return {
    parse,
    get starts() {
      return starts;
    },
    get ends() {
      return ends;
    },
    get tokens() {
      return tokens;
    },
  };
}
