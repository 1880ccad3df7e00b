import { takeArena } from './arena.ts';
import type { SearchImage } from './image.ts';
import { kernel } from './kernel.ts';

/** Finds the best path through the lattice of one line after another. */
export interface Searcher {
  parse(bytes: Uint8Array, begin: number, end: number): number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly tokens: Int32Array;
}

const LINE_BYTES = 8192;
const NODES = 65536;

let compiled: WebAssembly.Module | undefined;

export function createSearcher(image: SearchImage, maxGroupingSize: number): Searcher {
  compiled ??= new WebAssembly.Module(Buffer.from(kernel, 'base64'));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: image.memory } });
  const { setDictionary, setArena, parse } = exports as unknown as Kernel;
  setDictionary(
    image.characters,
    image.matrix,
    image.leftSize,
    image.lexicons,
    image.lexiconCount,
    image.unknownWords,
    maxGroupingSize,
    image.leftIdOfEnd,
    image.rightIdOfBegin,
  );
  let arena = takeArena(image, LINE_BYTES, NODES);
  setArena(...arena.addresses);

  const enlarge = (lineBytes: number, nodes: number): void => {
    arena = takeArena(image, lineBytes, nodes);
    setArena(...arena.addresses);
  };
  return {
    parse(bytes, begin, end) {
      const length = end - begin;
      if (length > arena.lineBytes) enlarge(Math.max(2 * arena.lineBytes, length), Math.max(arena.nodes, 4 * length));
      arena.text.set(bytes.subarray(begin, end));
      let count = parse(length, begin);
      while (count < 0) {
        enlarge(arena.lineBytes, 2 * arena.nodes);
        arena.text.set(bytes.subarray(begin, end));
        count = parse(length, begin);
      }
      return count;
    },
    get starts() {
      return arena.starts;
    },
    get ends() {
      return arena.ends;
    },
    get tokens() {
      return arena.tokens;
    },
  };
}

interface Kernel {
  setDictionary(...values: number[]): void;
  setArena(...addresses: number[]): void;
  /** The number of tokens, or −1 if the arena is too small for the line. */
  parse(length: number, origin: number): number;
}
