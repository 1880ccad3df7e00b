import { spawn } from 'node:child_process';
import { createReadStream, type ReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TextError } from '../text-error.ts';

/** Decompressed content of a file, and how far the file itself has been read. */
export interface OpenText {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Size of the file as it is stored. */
  readonly size: number;
  /** Bytes of the stored file that have been read so far. */
  position(): number;
}

/**
 * Opens a plain, gzip or xz file, told apart by its first bytes. Throws `TextError` for a file that is no archive though its
 * name ends like one's (what a server sent in its place), and when a damaged archive is read.
 */
export async function openText(path: string): Promise<OpenText> {
  const { size } = await stat(path);
  const kind = compression(await firstBytes(path));
  const named = path.endsWith('.gz') ? 'gzip' : path.endsWith('.xz') ? 'xz' : undefined;
  if (named !== undefined && kind !== named) {
    throw new TextError(
      `${path}: not ${named === 'xz' ? 'an' : 'a'} ${named} archive, though named like one. Make or fetch it again, or rename it.`,
    );
  }
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  return { chunks: contentOf(path, file, kind), size, position: () => file.bytesRead };
}

/** How much larger text usually is than the archive of it: Japanese text of the web, rounded up. */
const expansion = { gzip: 4, xz: 6 };

/** About how many bytes of text a file holds, without reading more than its beginning. */
export async function expectedTextBytes(path: string): Promise<number> {
  const { size } = await stat(path);
  const kind = compression(await firstBytes(path));
  return kind === undefined ? size : size * expansion[kind];
}

function compression(head: Uint8Array): 'gzip' | 'xz' | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (Buffer.from(head).toString('latin1') === '\xfd7zXZ\0') return 'xz';
  return undefined;
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(6), 0, 6, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* contentOf(path: string, file: ReadStream, kind: 'gzip' | 'xz' | undefined): AsyncGenerator<Uint8Array> {
  try {
    if (kind === 'gzip') yield* gunzipped(file);
    else if (kind === 'xz') yield* unxzipped(file);
    else yield* file;
  } catch (error) {
    if (file.errored) throw file.errored;
    const { message } = error as Error;
    throw new TextError(
      `${path}: damaged or incomplete ${kind} archive near byte ${file.bytesRead}: ${message}. Make or fetch it again.`,
    );
  } finally {
    file.destroy();
  }
}

async function* gunzipped(file: ReadStream): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => gunzip.destroy(error));
  yield* file.pipe(gunzip);
}

/** Through the `xz` program, which works beside this process and is faster, or else through WebAssembly. */
async function* unxzipped(file: ReadStream): AsyncGenerator<Uint8Array> {
  const program = spawn('xz', ['--decompress', '--stdout'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const started = await new Promise<boolean>((resolve) => {
    program.once('spawn', () => resolve(true));
    program.once('error', () => resolve(false));
  });
  if (!started) {
    const { XzReadableStream } = (await import('xz-decompress')).default;
    yield* new XzReadableStream(Readable.toWeb(file));
    return;
  }
  const ended = new Promise<number | null>((resolve) => program.once('close', resolve));
  let complaint = '';
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  // It stops reading once it finds damage: its exit status tells, not the broken pipe.
  program.stdin.on('error', () => file.unpipe(program.stdin));
  file.on('error', () => program.kill());
  try {
    file.pipe(program.stdin);
    yield* program.stdout;
    if ((await ended) !== 0) throw new Error(complaint.replace(/^xz: (\(stdin\): )?/, '').trim() || 'xz failed');
  } finally {
    program.kill();
  }
}
