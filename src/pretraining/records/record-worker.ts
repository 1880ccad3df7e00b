/** The worker that turns slots into a part of the file: records, and one gzip member of them if asked. */
import { gzipSync } from 'node:zlib';
import { serveJobs } from '../../threads/workers.ts';
import type { PretrainingVocabulary } from '../pretraining-vocabulary.ts';
import { type RecordOptions, recordEncoder } from './record-encoder.ts';

export interface RecordSetup {
  readonly ids: Uint16Array | Uint32Array;
  readonly vocabulary: PretrainingVocabulary;
  readonly options: RecordOptions;
  /** 0 to 9, or undefined for no compression. */
  readonly gzipLevel: number | undefined;
}

const operatingSystem = 9;
const unknownSystem = 255;

serveJobs(({ ids, vocabulary, options, gzipLevel }: RecordSetup) => {
  const encoder = recordEncoder(ids, vocabulary, options);
  return (slots: Uint32Array) => {
    const records = encoder.encode(slots);
    const bytes = gzipLevel === undefined ? records.slice() : gzipMember(records, gzipLevel);
    return { value: bytes, transfer: [bytes.buffer] };
  };
});

/** Its header names no operating system, so that the bytes do not depend on one. */
function gzipMember(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const member = gzipSync(bytes, { level, memLevel: 9 });
  member[operatingSystem] = unknownSystem;
  return new Uint8Array(member);
}
