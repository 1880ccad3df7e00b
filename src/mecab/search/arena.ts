import type { SearchImage } from './image.ts';

/** One searcher's own part of the shared memory. Addresses are byte offsets, in order. */
export interface Arena {
  readonly lineBytes: number;
  readonly nodes: number;
  readonly addresses: readonly number[];
  readonly text: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
}

const PAGE = 65536;
const GROUP_BYTES = 20;
const NODE_BYTES = 8;

/** Takes new memory for lines of up to `lineBytes` and lattices of `nodes`. What was taken before is not given back. */
export function takeArena({ memory, rightSize }: SearchImage, lineBytes: number, nodes: number): Arena {
  const candidates = nodes;
  const sizes = [
    8 * rightSize,
    8 * candidates,
    lineBytes + 16,
    4 * (lineBytes + 1),
    4 * lineBytes,
    4 * lineBytes,
    4 * lineBytes,
    GROUP_BYTES * nodes,
    NODE_BYTES * nodes,
  ];
  const offsets = [0];
  for (const size of sizes) offsets.push(Math.ceil((offsets.at(-1)! + size) / 64) * 64);
  const base = memory.grow(Math.ceil(offsets.at(-1)! / PAGE)) * PAGE;
  const at = offsets.map((offset) => base + offset);
  const { buffer } = memory;
  return {
    lineBytes,
    nodes,
    addresses: [at[0]!, at[1]!, candidates, ...at.slice(2)],
    text: new Uint8Array(buffer, at[2]!, lineBytes),
    starts: new Int32Array(buffer, at[4]!, lineBytes),
    ends: new Int32Array(buffer, at[5]!, lineBytes),
    tokens: new Int32Array(buffer, at[6]!, lineBytes),
  };
}
