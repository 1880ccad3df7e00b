import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, type ReadStream, readFileSync } from 'node:fs';
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
  const source = kind === 'xz' ? await unxzProgram(path) : undefined;
  const { chunks, position } = source ?? decompressed(createReadStream(path, { highWaterMark: 1 << 18 }), kind);
  return { chunks: explained(chunks, path, kind, position), size, position };
}

type Source = Pick<OpenText, 'chunks' | 'position'>;

/** How much larger text usually is than the archive of it: Japanese text of the web, rounded up. */
const expansion = { gzip: 4, xz: 6 };

/** About how many bytes of text a file holds, without reading more than its beginning. */
export async function expectedTextBytes(path: string): Promise<number> {
  const { size } = await stat(path);
  const kind = compression(await firstBytes(path));
  return kind === undefined ? size : size * expansion[kind];
}

type Compression = keyof typeof expansion;

function compression(head: Uint8Array): Compression | undefined {
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

/** Tells damage by file and place. What the file itself cannot give is told as it is. */
async function* explained(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  kind: Compression | undefined,
  position: () => number,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException;
    if (kind === undefined || syscall !== undefined) throw error;
    throw new TextError(
      `${path}: damaged or incomplete ${kind} archive near byte ${position()}: ${message}. Make or fetch it again.`,
    );
  }
}

function decompressed(file: ReadStream, kind: Compression | undefined): Source {
  const chunks = kind === 'gzip' ? gunzipped(file) : kind === 'xz' ? unxzipped(file) : file;
  return { chunks: closing(chunks, () => file.destroy()), position: () => file.bytesRead };
}

async function* closing(chunks: AsyncIterable<Uint8Array>, close: () => unknown): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } finally {
    await close();
  }
}

async function* gunzipped(file: ReadStream): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  file.on('error', (error) => gunzip.destroy(error));
  yield* file.pipe(gunzip);
}

async function* unxzipped(file: ReadStream): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = (await import('xz-decompress')).default;
  yield* new XzReadableStream(Readable.toWeb(file));
}

/** Through the `xz` program, which works beside this process and reads the file itself; undefined where there is none. */
async function unxzProgram(path: string): Promise<Source | undefined> {
  const file = await open(path);
  const program = spawn('xz', ['--decompress', '--stdout'], { stdio: [file.fd, 'pipe', 'pipe'] });
  const isStarted = await new Promise<boolean>((resolve) => {
    program.once('spawn', () => resolve(true));
    program.once('error', () => resolve(false));
  });
  if (!isStarted) {
    await file.close();
    return undefined;
  }
  // The program and this process share their place in the file.
  const place = () => Number(/\d+/.exec(readFileSync(`/proc/self/fdinfo/${file.fd}`, 'latin1'))![0]);
  let last: number | undefined;
  const close = () => {
    last = place();
    program.kill();
    return file.close();
  };
  return { chunks: closing(outputOf(program), close), position: () => last ?? place() };
}

async function* outputOf(program: ChildProcess): AsyncGenerator<Uint8Array> {
  const ended = new Promise<number | null>((resolve) => program.once('close', resolve));
  let complaint = '';
  program.stderr!.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  yield* program.stdout!;
  if ((await ended) !== 0) throw new Error(complaint.replace(/^xz: (\(stdin\): )?/, '').trim() || 'xz failed');
}
