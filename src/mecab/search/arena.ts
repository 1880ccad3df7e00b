import type { SearchImage } from './image.ts';

/** One searcher's own part of the shared memory. */
export interface Arena {
  readonly lineBytes: number;
  readonly nodes: number;
  /** What the kernel's setArena takes. */
  readonly addresses: readonly number[];
  readonly text: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
}

const PAGE = 65536;
const GROUP_BYTES = 20;
const NODE_BYTES = 8;
const FEWEST_CANDIDATES = 16384;

/**
 * Takes new memory for lines of up to `lineBytes` and lattices of `nodes`. What was taken before is not given back.
 * Throws RangeError when the shared memory can grow no further.
 */
export function takeArena({ memory, rightSize }: SearchImage, lineBytes: number, nodes: number): Arena {
  const candidates = Math.max(FEWEST_CANDIDATES, nodes / 16);
  const sizes = [
    8 * rightSize,
    8 * candidates,
    lineBytes + 32,
    4 * (lineBytes + 1),
    4 * lineBytes,
    4 * lineBytes,
    4 * lineBytes,
    GROUP_BYTES * nodes,
    NODE_BYTES * nodes,
  ];
  const offsets = [0];
  for (const size of sizes) offsets.push(Math.ceil((offsets.at(-1)! + size) / 64) * 64);
  const base = grow(memory, offsets.at(-1)!, lineBytes);
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

function grow(memory: WebAssembly.Memory, bytes: number, lineBytes: number): number {
  try {
    return memory.grow(Math.ceil(bytes / PAGE)) * PAGE;
  } catch (error) {
    const mebibytes = Math.ceil(bytes / 2 ** 20);
    throw new RangeError(`no memory left to parse a line of ${lineBytes} bytes: ${mebibytes} MiB more`, {
      cause: error,
    });
  }
}
