import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise as openZip, type ZipFile } from 'yauzl';
import { FetchError } from './fetch-error.ts';

/**
 * Unpacks the files of a Python wheel that `wanted` picks by path into `target`, an existing directory, and holds each against its
 * sha256 in the wheel's RECORD (https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
 * Returns the wheel's METADATA. Throws `FetchError` where the archive is torn or a digest differs.
 */
export async function unpackWheel(archive: string, target: string, wanted: (path: string) => boolean): Promise<string> {
  try {
    // yauzl refuses names that leave the target.
    const zip = await openZip(archive, { lazyEntries: true, autoClose: false, strictFileNames: true });
    try {
      return await unpack(zip, target, wanted);
    } finally {
      zip.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw new FetchError(`${archive}: not a whole wheel: ${(error as Error).message}`);
  }
}

async function unpack(zip: ZipFile, target: string, wanted: (path: string) => boolean): Promise<string> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  const read = async (name: string) => text(await zip.openReadStreamPromise(described(entries, name)));
  const digests = recordedDigests(await read('RECORD'));
  for (const [path, entry] of entries) {
    if (path.endsWith('/') || !wanted(path)) continue;
    const file = join(target, path);
    await mkdir(dirname(file), { recursive: true });
    const hash = createHash('sha256');
    const hashed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(await zip.openReadStreamPromise(entry), hashed, createWriteStream(file));
    if (hash.digest('base64url') !== digests.get(path))
      throw new Error(`${path} has another digest than in its RECORD`);
  }
  return read('METADATA');
}

/** A file of the wheel's description, `NAME-VERSION.dist-info`. */
function described(entries: ReadonlyMap<string, Entry>, name: string): Entry {
  for (const [path, entry] of entries) if (new RegExp(`^[^/]+\\.dist-info/${name}$`).test(path)) return entry;
  throw new Error(`no ${name} in it`);
}

/** By path. A line of RECORD is `path,sha256=DIGEST,size`, with the digest in URL-safe base64 without padding. */
function recordedDigests(record: string): ReadonlyMap<string, string> {
  const lines = record.split('\n').map((line) => /^(.+),sha256=([\w-]+),\d*\r?$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1]!, match[2]!] as const] : [])));
}
