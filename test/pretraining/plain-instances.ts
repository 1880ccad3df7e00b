/** Instance making written plainly: everything in memory, tokens as strings, nothing clever. What the tests compare with. */
import type { InstanceOptions } from '../../src/pretraining/options.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';

export interface PlainInstance {
  tokens: string[];
  segments: number[];
  isRandomNext: boolean;
  masks: { position: number; label: string }[];
}

type Sentence = readonly string[];
type Random = ReturnType<typeof cpythonRandom>;

/** `words`: the distinct words of the vocabulary in order. Documents and sentences are not empty. */
export function plainInstances(
  documents: readonly (readonly Sentence[])[],
  words: readonly string[],
  options: InstanceOptions,
): PlainInstance[] {
  const random = cpythonRandom(options.randomSeed);
  const shuffled = [...documents];
  random.shuffle(shuffled);
  const instances: PlainInstance[] = [];
  for (let dupe = 0; dupe < options.dupeFactor; dupe++) {
    for (const document of shuffled) instances.push(...fromDocument(shuffled, document, words, options, random));
  }
  random.shuffle(instances);
  return instances;
}

function fromDocument(
  documents: readonly (readonly Sentence[])[],
  document: readonly Sentence[],
  words: readonly string[],
  options: InstanceOptions,
  random: Random,
): PlainInstance[] {
  const room = options.maxSeqLength - 3;
  const target = random.random() < options.shortSeqProb ? random.randint(2, room) : room;
  const instances: PlainInstance[] = [];
  let chunk: Sentence[] = [];
  let i = 0;
  while (i < document.length) {
    chunk.push(document[i]!);
    i++;
    if (i < document.length && chunk.flat().length < target) continue;
    const split = chunk.length === 1 ? 1 : random.randint(1, chunk.length - 1);
    const a = chunk.slice(0, split).flat();
    let b = chunk.slice(split).flat();
    const isRandomNext = chunk.length === 1 || random.random() < 0.5;
    if (isRandomNext) {
      b = randomNext(documents, document, target - a.length, random);
      i -= chunk.length - split;
    }
    while (a.length + b.length > room) {
      const longer = a.length > b.length ? a : b;
      if (random.random() < 0.5) longer.shift();
      else longer.pop();
    }
    const tokens = ['[CLS]', ...a, '[SEP]', ...b, '[SEP]'];
    const segments = tokens.map((_, position) => (position < a.length + 2 ? 0 : 1));
    instances.push({ segments, isRandomNext, ...masked(tokens, words, options, random) });
    chunk = [];
  }
  return instances;
}

function randomNext(
  documents: readonly (readonly Sentence[])[],
  document: readonly Sentence[],
  length: number,
  random: Random,
): string[] {
  let other = document;
  for (let attempt = 0; attempt < 10; attempt++) {
    other = documents[random.randint(0, documents.length - 1)]!;
    if (other !== document) break;
  }
  const b: string[] = [];
  for (const sentence of other.slice(random.randint(0, other.length - 1))) {
    b.push(...sentence);
    if (b.length >= length) break;
  }
  return b;
}

function masked(tokens: readonly string[], words: readonly string[], options: InstanceOptions, random: Random) {
  const sets: number[][] = [];
  tokens.forEach((token, position) => {
    if (token === '[CLS]' || token === '[SEP]') return;
    const last = sets.at(-1);
    if (options.doWholeWordMask && last && token.startsWith('##')) last.push(position);
    else sets.push([position]);
  });
  random.shuffle(sets);
  const exact = tokens.length * options.maskedLmProb;
  const nearest = Math.abs(exact % 1) === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact);
  const wanted = Math.min(options.maxPredictionsPerSeq, Math.max(1, nearest));
  const shown = [...tokens];
  const masks: { position: number; label: string }[] = [];
  for (const set of sets) {
    if (masks.length >= wanted) break;
    if (masks.length + set.length > wanted) continue;
    for (const position of set) {
      if (random.random() < 0.8) shown[position] = '[MASK]';
      else if (random.random() >= 0.5) shown[position] = words[random.randint(0, words.length - 1)]!;
      masks.push({ position, label: tokens[position]! });
    }
  }
  masks.sort((x, y) => x.position - y.position);
  return { tokens: shown, masks };
}
