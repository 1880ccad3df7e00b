/**
 * A zip archive of stored entries whose contents begin at multiples of 64 bytes, as PyTorch's do so that they can be mapped into memory
 * (caffe2/serialize/inline_container.cc); libraries for zip files do not align. No times, so the same contents give the same bytes.
 */
import { crc32 } from 'node:zlib';
import { ModelError } from '../../model-error.ts';
import { openFileSink } from '../file-sink.ts';

const alignment = 64;
/** Beyond it the format needs its 64-bit extension. */
const maxArchive = 2 ** 32 - 1;

export interface StoredEntry {
  readonly name: string;
  /** Its bytes, or how many there will be. */
  readonly content: Uint8Array | number;
}

export interface StoredZip {
  /** By name, where an entry's content begins. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Writes the checksums of what was not there at first, and the directory without which there is no archive. */
  finish(checksums: ReadonlyMap<string, number>): void;
}

interface Entry {
  readonly name: Buffer;
  /** Of the local header. */
  readonly offset: number;
  readonly size: number;
}

/** Writes all but the contents that are not there yet. Throws `ModelError` when the archive would exceed 4 GiB. */
export function layOutStoredZip(path: string, contents: readonly StoredEntry[]): StoredZip {
  const entries: Entry[] = [];
  const offsets = new Map<string, number>();
  const known = new Map<string, number>();
  const sink = openFileSink(path);
  let end = 0;
  for (const { name, content } of contents) {
    const size = typeof content === 'number' ? content : content.length;
    const entry = { name: Buffer.from(name), offset: end, size };
    const header = localHeader(entry, 0);
    entries.push(entry);
    sink.writeAt(end, header);
    offsets.set(name, end + header.length);
    if (typeof content !== 'number') {
      known.set(name, crc32(content));
      sink.writeAt(end + header.length, content);
    }
    end += header.length + size;
  }
  sink.close();
  if (end + 256 * entries.length > maxArchive) {
    throw new ModelError(`${path} would exceed 4 GiB: leave out the format pytorch, or use safetensors`);
  }
  return {
    offsets,
    finish(checksums) {
      const archive = openFileSink(path, 'r+');
      const checksumOf = ({ name }: Entry) => known.get(String(name)) ?? checksums.get(String(name))!;
      for (const entry of entries) archive.writeAt(entry.offset, localHeader(entry, checksumOf(entry)));
      const directory = Buffer.concat(entries.map((entry) => centralHeader(entry, checksumOf(entry))));
      archive.writeAt(end, Buffer.concat([directory, endRecord(entries.length, end, directory.length)]));
      archive.close();
    },
  };
}

const localLength = 30;
const fieldHeaderLength = 4;

/** The extra field `FB` pads up to the content. */
function localHeader({ name, offset, size }: Entry, checksum: number): Buffer {
  const unpadded = offset + localLength + name.length + fieldHeaderLength;
  const padding = (alignment - (unpadded % alignment)) % alignment;
  const header = Buffer.alloc(localLength + fieldHeaderLength);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, { name, size }, checksum);
  header.writeUInt16LE(fieldHeaderLength + padding, 28);
  const field = Buffer.from('FB\0\0');
  field.writeUInt16LE(padding, 2);
  return Buffer.concat([header.subarray(0, localLength), name, field, Buffer.alloc(padding, 'Z')]);
}

function centralHeader({ name, offset, size }: Entry, checksum: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  writeCommon(header, 6, { name, size }, checksum);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

/** What both headers hold: version 0, no flags, stored, no time, checksum, both sizes, length of the name. */
function writeCommon(header: Buffer, at: number, { name, size }: Omit<Entry, 'offset'>, checksum: number): void {
  header.writeUInt32LE(checksum, at + 10);
  header.writeUInt32LE(size, at + 14);
  header.writeUInt32LE(size, at + 18);
  header.writeUInt16LE(name.length, at + 22);
}

function endRecord(count: number, begin: number, length: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(length, 12);
  record.writeUInt32LE(begin, 16);
  return record;
}
