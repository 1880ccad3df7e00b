import { rm } from 'node:fs/promises';
import type { CPythonRandom } from '../../text/cpython-random.ts';
import { slot, slotWords } from './instance-slots.ts';
import { openScratch } from './scratch-file.ts';

/** What the write buffers of all buckets occupy together. */
const buffersBytes = 24 << 20;

/**
 * The slots of a file in the order of `random.shuffle` over all of them, a bucket at a time. Only the order is in
 * memory, 4 bytes an instance: a first pass deals the slots out to buckets of neighbours in the new order, all in the
 * file `dealt`; each bucket is then read and put in order. Removes `spilled` after the first pass, and `dealt` at the end.
 */
export async function* shuffleInstances(
  spilled: string,
  dealt: string,
  count: number,
  maxMasks: number,
  random: CPythonRandom,
  bucketBytes = 32 << 20,
): AsyncGenerator<Uint32Array> {
  const words = slotWords(maxMasks);
  const bucketSlots = Math.max(1, Math.floor(bucketBytes / 4 / words));
  await deal(spilled, dealt, shuffledRanks(count, random), words, bucketSlots);
  await rm(spilled);
  await using file = await openScratch(dealt, 'r');
  for (let first = 0; first < count; first += bucketSlots) {
    const bucket = new Uint32Array(Math.min(bucketSlots, count - first) * words);
    await file.read(bucket, first * words);
    yield inOrder(bucket, first, words);
  }
  await rm(dealt);
}

/** For each instance, its place after the shuffle. */
function shuffledRanks(count: number, random: CPythonRandom): Uint32Array {
  const order = random.permutation(count);
  const ranks = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) ranks[order[rank]!] = rank;
  return ranks;
}

/** Copies every slot to the part of `dealt` that is its bucket's, with its rank written into it. */
async function deal(
  spilled: string,
  dealt: string,
  ranks: Uint32Array,
  words: number,
  bucketSlots: number,
): Promise<void> {
  const bucketCount = Math.ceil(ranks.length / bucketSlots);
  const bufferSlots = Math.max(1, Math.min(bucketSlots, Math.floor(buffersBytes / 4 / words / bucketCount)));
  const buckets = Array.from({ length: bucketCount }, (_, i) => ({
    buffer: new Uint32Array(bufferSlots * words),
    filled: 0,
    end: i * bucketSlots * words,
  }));
  await using from = await openScratch(spilled, 'r');
  await using to = await openScratch(dealt, 'w');

  const block = new Uint32Array(bufferSlots * words);
  for (let first = 0; first < ranks.length; first += bufferSlots) {
    const slots = block.subarray(0, Math.min(bufferSlots, ranks.length - first) * words);
    await from.read(slots, first * words);
    for (let at = 0, i = first; at < slots.length; at += words, i++) {
      const rank = ranks[i]!;
      const bucket = buckets[Math.floor(rank / bucketSlots)]!;
      copySlot(slots, at, bucket.buffer, bucket.filled, words);
      bucket.buffer[bucket.filled + slot.rank] = rank;
      bucket.filled += words;
      if (bucket.filled === bucket.buffer.length) await flush(bucket);
    }
  }
  for (const bucket of buckets) await flush(bucket);

  async function flush(bucket: { readonly buffer: Uint32Array; filled: number; end: number }): Promise<void> {
    await to.write(bucket.buffer.subarray(0, bucket.filled), bucket.end);
    bucket.end += bucket.filled;
    bucket.filled = 0;
  }
}

function inOrder(bucket: Uint32Array, firstRank: number, words: number): Uint32Array {
  const ordered = new Uint32Array(bucket.length);
  for (let at = 0; at < bucket.length; at += words) {
    copySlot(bucket, at, ordered, (bucket[at + slot.rank]! - firstRank) * words, words);
  }
  return ordered;
}

/** A plain loop: for a hundred bytes `set(subarray)` costs more. */
function copySlot(from: Uint32Array, at: number, to: Uint32Array, toAt: number, words: number): void {
  for (let i = 0; i < words; i++) to[toAt + i] = from[at + i]!;
}
