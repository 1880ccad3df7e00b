/**
 * TFRecords of tf.train.Example (tensorflow/core/example/{example,feature}.proto):
 * Example { Features features = 1 }, Features { map<string, Feature> feature = 1 },
 * Feature { BytesList = 1 | FloatList = 2 | Int64List = 3 }, each list { repeated value = 1 }, numbers packed.
 */
import { slicingTables } from '../checksum/slicing-tables.ts';
import { kernel } from './encode-example.ts';
import { recordOverhead } from './tfrecord.ts';

/** Values under a name: integers from 0 to 2^31 − 1, integers below 128 (their own encoding), or floats. */
export interface Column {
  readonly name: string;
  readonly values: Int32Array | Uint8Array | Float32Array;
}

/** Encodes one record after another; what it works on lies in memory of its own. */
export interface ExampleRecords {
  /** Arrays for the values of columns, zero at first. */
  int32(length: number): Int32Array;
  uint8(length: number): Uint8Array;
  float32(length: number): Float32Array;
  /** The features of all records from now on, in this order. Their values are arrays of this, filled in anew for each record. */
  setColumns(columns: readonly Column[]): void;
  /** Adds the record of what the columns hold now. */
  append(): void;
  /** The records added since the last call, as a part of a TFRecord file. Valid until the next one is added. */
  take(): Uint8Array;
}

// As encode-example.as.ts lays out its memory.
const tables = 16;
const columnWords = 6;
const [varints, small, floats] = [0, 1, 2];

const pageBytes = 65536;
const mostPages = 65536;
/** Of a column, besides its name and values: tags and lengths. */
const mostHeaderBytes = 64;

let compiled: WebAssembly.Module | undefined;

export function exampleRecords(): ExampleRecords {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true });
  compiled ??= new WebAssembly.Module(Buffer.from(kernel, 'base64'));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const { writeExampleRecord } = exports as unknown as Kernel;
  let reserved = 0;
  let columnCount = 0;
  let columnsAt = 0;
  let mostRecordBytes = 0;
  let recordsAt = 0;
  let end = 0;

  function makeRoom(bytes: number): void {
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  }

  /** The address of memory that nothing else takes, of whole vectors of 16 bytes. */
  function reserve(bytes: number): number {
    const at = reserved;
    reserved += Math.ceil(bytes / 16) * 16;
    makeRoom(reserved);
    return at;
  }

  function copyOf(words: ArrayLike<number>): number {
    const at = reserve(4 * words.length);
    new Int32Array(memory.buffer, at, words.length).set(words);
    return at;
  }

  function nameAt(name: Uint8Array): number {
    const at = reserve(name.length);
    new Uint8Array(memory.buffer, at).set(name);
    return at;
  }

  copyOf(slicingTables(tables));
  return {
    int32: (length) => new Int32Array(memory.buffer, reserve(4 * length), length),
    uint8: (length) => new Uint8Array(memory.buffer, reserve(length), length),
    float32: (length) => new Float32Array(memory.buffer, reserve(4 * length), length),
    setColumns(columns) {
      const encoded = columns.map(({ name, values }) => ({ name: new TextEncoder().encode(name), values }));
      const rows = encoded.map(({ name, values }) => {
        const kind = values instanceof Int32Array ? varints : values instanceof Uint8Array ? small : floats;
        return [values.byteOffset, values.length, kind, nameAt(name), name.length, 0] as const;
      });
      columnsAt = copyOf(rows.flat());
      columnCount = columns.length;
      mostRecordBytes = encoded.reduce(
        (sum, { name, values }) => sum + mostHeaderBytes + name.length + 5 * values.length,
        recordOverhead + columnWords,
      );
      recordsAt = end = reserve(0);
    },
    append() {
      if (end + mostRecordBytes > memory.buffer.byteLength) makeRoom(2 * (end + mostRecordBytes) - recordsAt);
      end = writeExampleRecord(columnsAt, columnCount, end);
    },
    take() {
      const records = new Uint8Array(memory.buffer, recordsAt, end - recordsAt);
      end = recordsAt;
      return records;
    },
  };
}

interface Kernel {
  /** Returns where the record ends. */
  writeExampleRecord(columnsAt: number, columnCount: number, at: number): number;
}
