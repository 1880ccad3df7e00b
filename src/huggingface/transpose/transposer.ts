/** Transposes one matrix after another in WebAssembly's memory, so that each is read into it and written from it without a copy. */
import { kernel } from './transpose-band.ts';

export interface Transposer {
  /** Memory for the elements of a matrix; it takes the place of the matrix before. */
  matrix(bytes: number): Uint8Array;
  /** The matrix, float32 [rows, columns], as [columns, rows]: bands of whole rows, in order, each valid until the next. */
  bands(rows: number, columns: number): Generator<Uint8Array>;
}

const pageBytes = 65536;
const mostPages = 65536;
/** A band stays in the nearest caches until it has been written. */
const bandBytes = 2 ** 18;
/** Rows of a band, as transpose-band.as.ts likes them. */
const tile = 16;

interface Kernel {
  transposeBand(matrix: number, rows: number, columns: number, begin: number, end: number, to: number): void;
}

export function createTransposer(): Transposer {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernel, 'base64')), {
    env: { memory },
  });
  const { transposeBand } = exports as unknown as Kernel;

  function memoryFrom(begin: number, bytes: number): Uint8Array {
    const missing = begin + bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    return new Uint8Array(memory.buffer, begin, bytes);
  }

  return {
    matrix: (bytes) => memoryFrom(0, bytes),
    *bands(rows, columns) {
      const behindMatrix = 4 * rows * columns;
      const rowsOfBand = Math.max(tile, Math.floor(bandBytes / (4 * rows) / tile) * tile);
      for (let begin = 0; begin < columns; begin += rowsOfBand) {
        const end = Math.min(begin + rowsOfBand, columns);
        const band = memoryFrom(behindMatrix, 4 * rows * (end - begin));
        transposeBand(0, rows, columns, begin, end, behindMatrix);
        yield band;
      }
    },
  };
}
