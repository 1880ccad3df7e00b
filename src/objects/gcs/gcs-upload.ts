import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { File, FileMetadata } from '@google-cloud/storage';
import { checksumOfFile } from '../../checksum/checksum-of-file.ts';
import { checksumText, crc32c } from '../../checksum/crc32c.ts';
import type { Content, FileContent, TransferOptions } from '../bucket.ts';
import { requestFailure } from '../remote-error.ts';

/** Up to this size one request carries an object: what gets lost on the way is sent again. Larger ones are resumed. */
export const singleRequest = 4 * 2 ** 20;

/** What the attempts at one upload share. */
export interface Session {
  /** Where the server takes the bytes of a large object, and knows how many it has. A secret: whoever has it may write. */
  uri?: string;
  crc32c?: string;
}

export interface UploadOptions extends TransferOptions {
  /** Fails with status 412 if the object is there already. */
  readonly isNew: boolean;
  readonly session: Session;
  /** An earlier attempt failed, perhaps only in that its answer was lost. */
  readonly isAgain: boolean;
}

/** One attempt to write an object. The server gets its CRC-32C before the bytes, and takes no others. */
export async function upload(file: File, content: Content, options: UploadOptions): Promise<void> {
  if ('file' in content && content.size > singleRequest) await uploadLarge(file, content, options);
  else await uploadSmall(file, content, options);
}

/** Undefined if the object is not there. */
export async function metadataOf(file: File): Promise<FileMetadata | undefined> {
  try {
    return (await file.getMetadata())[0];
  } catch (error) {
    if (requestFailure(error).status === 404) return undefined;
    throw error;
  }
}

async function uploadSmall(file: File, content: Content, { isNew, onBytes }: UploadOptions): Promise<void> {
  const bytes = 'bytes' in content ? content.bytes : await readFile(content.file);
  const checksum = checksumText(crc32c(bytes));
  await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    resumable: false,
    validation: false,
    metadata: { contentType: typeOf(content), crc32c: checksum },
    ...ifNew(isNew),
  });
  await checkArrived(file, checksum);
  onBytes?.(bytes.byteLength);
}

async function uploadLarge(
  file: File,
  content: FileContent,
  { isNew, session, isAgain, signal, onBytes = () => {} }: UploadOptions,
): Promise<void> {
  session.crc32c ??= await checksumOfFile(content.file);
  if (isAgain && (await metadataOf(file))?.crc32c === session.crc32c) return onBytes(content.size);
  const isFresh = session.uri === undefined;
  session.uri ??= await beginUpload(file, content, session.crc32c, isNew);
  const target = file.createWriteStream({
    uri: session.uri,
    resumable: true,
    validation: false,
    metadata: { contentLength: content.size },
    // Without an offset the client asks how far the server got, and skips what it has.
    ...(isFresh && { offset: 0 }),
  });
  let sent = 0;
  let answer: unknown;
  target.on('response', (response) => {
    answer = response;
  });
  target.on('progress', ({ bytesWritten }: { bytesWritten: number }) => {
    onBytes(bytesWritten - sent);
    sent = bytesWritten;
  });
  try {
    await pipeline(createReadStream(content.file, { highWaterMark: 2 ** 20 }), target, signal ? { signal } : {});
  } catch (error) {
    onBytes(-sent);
    const failure = Object.assign(new Error((error as Error).message), error, { response: answer });
    if (![404, 410].includes(requestFailure(failure).status ?? 0)) throw failure;
    // The server has forgotten this upload: the next attempt begins another.
    session.uri = undefined;
    throw broken('the server has forgotten the upload');
  }
  session.uri = undefined;
  await checkArrived(file, session.crc32c);
}

async function beginUpload(file: File, content: Content, checksum: string, isNew: boolean): Promise<string> {
  const metadata = { contentType: typeOf(content), crc32c: checksum };
  const [uri] = await file.createResumableUpload({ metadata, ...ifNew(isNew) });
  return uri;
}

/** A server that takes no notice of the announced checksum must not keep what it got. */
async function checkArrived(file: File, checksum: string): Promise<void> {
  const { crc32c: arrived, generation } = file.metadata;
  if (arrived === undefined || arrived === checksum) return;
  await file.delete({ ignoreNotFound: true, ...(generation !== undefined && { ifGenerationMatch: generation }) });
  throw broken(`${file.name} arrived with other bytes than were sent`);
}

function ifNew(isNew: boolean) {
  return isNew ? { preconditionOpts: { ifGenerationMatch: 0 } } : {};
}

function typeOf({ type = 'application/octet-stream' }: Content): string {
  return type;
}

/** Worth another attempt. */
export function broken(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
