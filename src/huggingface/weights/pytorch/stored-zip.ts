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

export interface StoredZip {
  /** Throws `ModelError` when the archive would exceed 4 GiB. */
  add(name: string, content: Uint8Array): void;
  finish(): void;
  abort(): void;
}

interface Entry {
  readonly name: Buffer;
  readonly offset: number;
  readonly size: number;
  readonly checksum: number;
}

export function createStoredZip(path: string): StoredZip {
  const sink = openFileSink(path);
  const entries: Entry[] = [];
  return {
    add(name, content) {
      const entry = { name: Buffer.from(name), offset: sink.length, size: content.length, checksum: crc32(content) };
      if (entry.offset + entry.size + (1 << 20) > maxArchive) {
        throw new ModelError(`${path} would exceed 4 GiB: leave out the format pytorch, or use safetensors`);
      }
      sink.append(localHeader(entry));
      sink.append(content);
      entries.push(entry);
    },
    finish() {
      const begin = sink.length;
      for (const entry of entries) sink.append(centralHeader(entry));
      sink.append(endRecord(entries.length, begin, sink.length - begin));
      sink.close();
    },
    abort: sink.close,
  };
}

const localLength = 30;
const fieldHeaderLength = 4;

/** The extra field `FB` pads up to the content. */
function localHeader({ name, offset, size, checksum }: Entry): Buffer {
  const unpadded = offset + localLength + name.length + fieldHeaderLength;
  const padding = (alignment - (unpadded % alignment)) % alignment;
  const header = Buffer.alloc(localLength + fieldHeaderLength);
  header.writeUInt32LE(0x04034b50, 0);
  writeCommon(header, 4, { name, size, checksum });
  header.writeUInt16LE(fieldHeaderLength + padding, 28);
  const field = Buffer.from('FB\0\0');
  field.writeUInt16LE(padding, 2);
  return Buffer.concat([header.subarray(0, localLength), name, field, Buffer.alloc(padding, 'Z')]);
}

function centralHeader({ name, offset, size, checksum }: Entry): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  writeCommon(header, 6, { name, size, checksum });
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name]);
}

/** What both headers hold: version 0, no flags, stored, no time, checksum, both sizes, length of the name. */
function writeCommon(header: Buffer, at: number, { name, size, checksum }: Omit<Entry, 'offset'>): void {
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
