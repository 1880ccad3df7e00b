import type { PieceTable } from '../tokenizer.ts';
import { kernel } from './join-parts.ts';

/** Lines of JSON, one behind the other in a buffer. */
export interface JsonLines {
  /** Adds `{"tokens": […], "ids": […]}` of the first `count` pieces, as Python's json.dumps writes it. */
  add(pieces: Int32Array, count: number): void;
  /** A copy of the lines so far; the next one begins afresh. */
  take(): Uint8Array<ArrayBuffer>;
}

const opening = Buffer.from('{"tokens": [');
const middle = Buffer.from('], "ids": [');
const closing = Buffer.from(']}\n');
const frameLength = opening.length + middle.length + closing.length;

const PAGE = 65536;
const VECTOR = 16;

let compiled: WebAssembly.Module | undefined;

export function createJsonLines({ tokens, ids }: PieceTable): JsonLines {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE, shared: true });
  compiled ??= new WebAssembly.Module(Buffer.from(kernel, 'base64'));
  const { joinParts } = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernel;

  const texts = jsonItems(Buffer.from(JSON.stringify(tokens)), tokens.length);
  const numbers = jsonItems(Buffer.from(JSON.stringify(Array.from(ids))), ids.length);
  const [textsAt, textParts] = place(texts, 0);
  const [numbersAt, numberParts] = place(numbers, textsAt);
  // Lines lie behind the parts; the pieces of the line that is being added, behind the room that it may take.
  const linesAt = numbersAt;
  const longest = texts.longest + numbers.longest + 4;
  let buffer = new Uint8Array(memory.buffer);
  let end = linesAt;

  function makeRoom(size: number): void {
    const missing = size - buffer.length;
    if (missing <= 0) return;
    memory.grow(Math.max(Math.ceil(missing / PAGE), buffer.length / PAGE));
    buffer = new Uint8Array(memory.buffer);
  }

  /** Puts items and, behind them, their places into the memory; returns where that ends and where the places are. */
  function place({ json, begins, lengths }: JsonItems, at: number): [end: number, parts: number] {
    const parts = roundUp(at + json.length + VECTOR);
    const end = parts + 8 * begins.length;
    memory.grow(Math.ceil(Math.max(0, end - memory.buffer.byteLength) / PAGE));
    new Uint8Array(memory.buffer).set(json, at);
    const table = new Uint32Array(memory.buffer, parts, 2 * begins.length);
    for (let i = 0; i < begins.length; i++) {
      table[2 * i] = at + begins[i]!;
      table[2 * i + 1] = lengths[i]!;
    }
    return [end, parts];
  }

  function put(part: Uint8Array): void {
    buffer.set(part, end);
    end += part.length;
  }

  return {
    add(pieces, count) {
      const piecesAt = roundUp(end + frameLength + count * longest + VECTOR);
      makeRoom(piecesAt + 4 * count);
      new Int32Array(buffer.buffer, piecesAt, count).set(pieces.subarray(0, count));
      put(opening);
      end = joinParts(piecesAt, count, textParts, end);
      put(middle);
      end = joinParts(piecesAt, count, numberParts, end);
      put(closing);
    },
    take() {
      const lines = new Uint8Array(end - linesAt);
      lines.set(buffer.subarray(linesAt, end));
      end = linesAt;
      return lines;
    },
  };
}

interface JsonItems {
  readonly json: Uint8Array;
  /** Where each item of the JSON list begins, and its length in bytes. */
  readonly begins: Uint32Array;
  readonly lengths: Uint32Array;
  readonly longest: number;
}

const [comma, quote, backslash] = [0x2c, 0x22, 0x5c];

/** The items of a list of strings or numbers that JSON.stringify wrote. */
function jsonItems(json: Uint8Array, count: number): JsonItems {
  const begins = new Uint32Array(count);
  const lengths = new Uint32Array(count);
  let longest = 0;
  let isInString = false;
  for (let item = 0, at = 1, begin = 1; item < count; at++) {
    const byte = json[at];
    if (byte === quote) isInString = !isInString;
    else if (byte === backslash) at++;
    else if (!isInString && (byte === comma || at === json.length - 1)) {
      begins[item] = begin;
      lengths[item] = at - begin;
      longest = Math.max(longest, at - begin);
      item++;
      begin = at + 1;
    }
  }
  return { json, begins, lengths, longest };
}

const roundUp = (bytes: number) => Math.ceil(bytes / VECTOR) * VECTOR;

interface Kernel {
  joinParts(pieces: number, count: number, parts: number, to: number): number;
}
