import { kernel } from './single-spaces.ts';

/** Lines whose white space has been made single spaces: views that the next call overwrites. */
export interface SpacedLines {
  readonly bytes: Uint8Array;
  /** Where each blank line ends, its line feed included. */
  readonly blankEnds: Uint32Array;
}

const PAGE = 65536;

/** Python's `" ".join(line.split())` for each of whole lines of valid UTF-8, which end as text mode has it. */
export function createSpacer(): (lines: Uint8Array) => SpacedLines {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernel, 'base64')), {
    env: { memory },
  });
  const { singleSpaces } = exports as unknown as Kernel;

  return (lines) => {
    const { length } = lines;
    // The kernel reads and writes whole vectors; what it writes may be longer by one line feed.
    const to = roundUp(length + 32);
    const ends = to + roundUp(length + 32);
    const missing = ends + 4 * (length + 2) - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    const source = new Uint8Array(memory.buffer, 0, length + 1);
    source.set(lines);
    source[length] = 0x0a;
    const end = singleSpaces(0, length, to, ends);
    const [blank = 0] = new Uint32Array(memory.buffer, ends, 1);
    const blankEnds = new Uint32Array(memory.buffer, ends + 4, blank).map((at) => at - to);
    return { bytes: new Uint8Array(memory.buffer, to, end - to), blankEnds };
  };
}

const roundUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

interface Kernel {
  singleSpaces(from: number, end: number, to: number, ends: number): number;
}
