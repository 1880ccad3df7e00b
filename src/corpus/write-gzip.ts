import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const unknownSystem = 255;

/** Half the time of level 6 for 3 % more bytes. */
const level = 4;

/** Compresses to a file whose bytes tell neither time nor operating system. */
export async function writeGzip(path: string, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  await pipeline(chunks, createGzip({ level, chunkSize: 1 << 17 }), withoutSystem, createWriteStream(path), {
    signal,
  });
}

/** The tenth byte of a gzip header names the system that wrote it (RFC 1952). */
async function* withoutSystem(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let offset = 0;
  for await (const chunk of chunks) {
    if (offset <= 9 && offset + chunk.length > 9) chunk[9 - offset] = unknownSystem;
    offset += chunk.length;
    yield chunk;
  }
}
