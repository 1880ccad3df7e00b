/** A small Google Cloud Storage in memory that misbehaves as it is told: what the public emulators do not do, or do wrong. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { checksumText, crc32c } from '../../src/checksum/crc32c.ts';

/** What a request is about: `list`, `stat`, `get`, `delete`, `upload` (in one request), `begin`, `send` and `query` (of a resumable upload). */
export type Operation = 'list' | 'stat' | 'get' | 'delete' | 'upload' | 'begin' | 'send' | 'query';

export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string; readonly message?: string }
  /** The connection ends after so many bytes of the body, of the request or of the answer. */
  | { readonly kind: 'cut'; readonly after: number }
  /** After so many bytes of the answer nothing comes any more. */
  | { readonly kind: 'hang'; readonly after: number; reached(): void }
  /** The request is done, and its answer lost. */
  | { readonly kind: 'lose-reply' }
  /** A byte of the answer is another one. */
  | { readonly kind: 'flip' }
  /** What arrives is stored with a byte changed, and announced with its own checksum. */
  | { readonly kind: 'store-flipped' };

export interface StoredObject {
  readonly bytes: Buffer;
  readonly generation: number;
  /** Base64; not all objects have one. */
  readonly md5?: string;
  /** `Content-Encoding: gzip`: who asks for it gets what it was, whatever part was asked for. */
  readonly isGzip?: boolean;
}

export interface GcsServer {
  readonly endpoint: string;
  /** By `bucket/name`. */
  readonly objects: Map<string, StoredObject>;
  /** `OPERATION name` of each request so far. */
  readonly requests: string[];
  /** Bytes of bodies that were taken, so that what is sent twice shows. */
  received: number;
  /** The next request of this kind about a name that matches goes wrong. */
  fail(operation: Operation, name: RegExp, ...faults: Fault[]): void;
  put(name: string, text: string | Buffer, options?: { readonly withMd5?: boolean; readonly isGzip?: boolean }): void;
}

interface Session {
  readonly name: string;
  readonly isNew: boolean;
  readonly crc32c?: string;
  received: Buffer;
  done: boolean;
}

/** Milliseconds that each answer takes to come, as over a wire. */
export interface GcsServerOptions {
  readonly buckets?: readonly string[];
  readonly latencyMs?: number;
}

export async function startGcs(t: Pick<TestContext, 'after'>, options: GcsServerOptions = {}): Promise<GcsServer> {
  const { buckets = ['lab'], latencyMs = 0 } = options;
  const objects = new Map<string, StoredObject>();
  const sessions = new Map<string, Session>();
  const plans: { operation: Operation; name: RegExp; faults: Fault[] }[] = [];
  const requests: string[] = [];
  let generation = 1;

  const takeFault = (operation: Operation, name: string): Fault | undefined => {
    const plan = plans.find((each) => each.operation === operation && each.name.test(name) && each.faults.length > 0);
    return plan?.faults.shift();
  };

  const store = (name: string, bytes: Buffer): StoredObject => {
    const object = { bytes, generation: generation++ };
    objects.set(name, object);
    return object;
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (!response.headersSent) sendError(response, 500, String(error));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    const match = /^(\/upload)?(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname);
    if (!match) return sendError(response, 404, `no such path ${url.pathname}`);
    const [, upload, bucket = '', encoded] = match;
    const name = `${bucket}/${encoded === undefined ? (url.searchParams.get('name') ?? '') : decodeURIComponent(encoded)}`;
    const session = sessions.get(url.searchParams.get('upload_id') ?? '');
    const operation = operationOf(request, url, upload !== undefined, encoded !== undefined);
    const about = session?.name ?? (operation === 'list' ? `${bucket}/${url.searchParams.get('prefix') ?? ''}` : name);
    requests.push(`${operation} ${about}`);
    const fault = takeFault(operation, about);
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    if (fault?.kind === 'status') {
      request.resume();
      const headers: Record<string, string> = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
      return sendError(response, fault.status, fault.message ?? 'as the test wants', headers);
    }
    if (!buckets.includes(bucket)) {
      request.resume();
      return sendError(response, 404, 'The specified bucket does not exist.');
    }
    const limit = fault?.kind === 'cut' && ['upload', 'send'].includes(operation) ? fault.after : undefined;
    const body = await bodyOf(request, limit);
    gcs.received += body.length;
    if (limit !== undefined && session) {
      session.received = Buffer.concat([session.received, body]);
      return void request.socket.destroy();
    }
    if (limit !== undefined) return void request.socket.destroy();
    const reply = perform(operation, name, url, body, session, request, fault);
    if (fault?.kind === 'lose-reply') return void request.socket.destroy();
    send(response, reply, fault);
  }

  function perform(
    operation: Operation,
    name: string,
    url: URL,
    body: Buffer,
    session: Session | undefined,
    request: IncomingMessage,
    fault: Fault | undefined,
  ): Reply {
    const isNew = url.searchParams.get('ifGenerationMatch') === '0';
    switch (operation) {
      case 'list':
        return list(objects, name.split('/')[0]!, url);
      case 'stat': {
        const object = objects.get(name);
        return object ? json(200, describe(name, object)) : missing(name);
      }
      case 'get':
        return download(objects.get(name), name, request.headers.range, url);
      case 'delete': {
        const expected = url.searchParams.get('ifGenerationMatch');
        const object = objects.get(name);
        if (object === undefined) return missing(name);
        if (expected !== null && expected !== String(object.generation)) return error(412, 'conditionNotMet');
        objects.delete(name);
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      }
      case 'upload': {
        const { metadata, content } = parts(request, body);
        return finish(name, isNew, metadata.crc32c, content, fault);
      }
      case 'begin': {
        if (isNew && objects.has(name)) return error(412, 'conditionNotMet');
        const metadata = JSON.parse(body.toString() || '{}') as { crc32c?: string };
        const id = `secret-session-${sessions.size + 1}`;
        sessions.set(id, { name, isNew, ...metadata, received: Buffer.alloc(0), done: false });
        const location = `${gcs.endpoint}/upload/storage/v1/b/${name.split('/')[0]}/o?uploadType=resumable&upload_id=${id}`;
        return { status: 200, headers: { location }, body: Buffer.alloc(0) };
      }
      case 'query':
        if (session === undefined) return error(404, 'no such upload');
        if (session.done) return json(200, describe(session.name, objects.get(session.name)!));
        return incomplete(session);
      case 'send': {
        if (session === undefined) return error(410, 'no such upload');
        const start = Number(/^bytes (\d+)-/.exec(request.headers['content-range'] ?? '')?.[1]);
        if (start !== session.received.length)
          return error(400, `expected byte ${session.received.length}, got ${start}`);
        session.received = Buffer.concat([session.received, body]);
        const total = Number(/\/(\d+)$/.exec(request.headers['content-range'] ?? '')?.[1]);
        if (session.received.length < total) return incomplete(session);
        const reply = finish(session.name, session.isNew, session.crc32c, session.received, fault);
        session.done = reply.status === 200;
        return reply;
      }
    }
  }

  function finish(name: string, isNew: boolean, announced: string | undefined, bytes: Buffer, fault?: Fault): Reply {
    if (isNew && objects.has(name)) return error(412, 'conditionNotMet');
    if (announced !== undefined && announced !== checksumText(crc32c(bytes)))
      return error(400, 'crc32c does not match');
    return json(200, describe(name, store(name, fault?.kind === 'store-flipped' ? flipped(bytes) : bytes)));
  }

  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gcs: GcsServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    received: 0,
    fail: (operation, name, ...faults) => plans.push({ operation, name, faults }),
    put(name, content, { withMd5 = false, isGzip = false } = {}) {
      const object = store(name, Buffer.from(content));
      const md5 = createHash('md5').update(object.bytes).digest('base64');
      objects.set(name, { ...object, ...(withMd5 && { md5 }), isGzip });
    },
  };
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return gcs;
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function operationOf(request: IncomingMessage, url: URL, isUpload: boolean, isNamed: boolean): Operation {
  if (request.method === 'DELETE') return 'delete';
  if (request.method === 'PUT') return request.headers['content-range']?.startsWith('bytes */') ? 'query' : 'send';
  if (isUpload) return url.searchParams.get('uploadType') === 'resumable' ? 'begin' : 'upload';
  if (!isNamed) return 'list';
  return url.searchParams.get('alt') === 'media' ? 'get' : 'stat';
}

/** The body, or the part of it that was there when the connection was to be cut. */
async function bodyOf(request: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= limit) return Buffer.concat(chunks).subarray(0, limit);
  }
  return Buffer.concat(chunks);
}

/** `multipart/related`: the metadata, and the content. */
function parts(request: IncomingMessage, body: Buffer): { metadata: { crc32c?: string }; content: Buffer } {
  const boundary = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '')![1]!;
  const [first, second] = split(body, `--${boundary}`).map((part) => part.subarray(part.indexOf('\r\n\r\n') + 4, -2));
  return { metadata: JSON.parse(first!.toString()), content: second! };
}

function split(body: Buffer, mark: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = body.indexOf(mark) + mark.length; ; ) {
    const end = body.indexOf(mark, at);
    if (end < 0) return found;
    found.push(body.subarray(at, end));
    at = end + mark.length;
  }
}

function list(objects: ReadonlyMap<string, StoredObject>, bucket: string, url: URL): Reply {
  const prefix = `${bucket}/${url.searchParams.get('prefix') ?? ''}`;
  const size = Number(url.searchParams.get('maxResults') ?? 1000);
  const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
  const start = Number(url.searchParams.get('pageToken') ?? 0);
  const items = names.slice(start, start + size).map((name) => describe(name, objects.get(name)!));
  const nextPageToken = start + size < names.length ? String(start + size) : undefined;
  return json(200, { kind: 'storage#objects', items, ...(nextPageToken && { nextPageToken }) });
}

function download(object: StoredObject | undefined, name: string, range: string | undefined, url: URL): Reply {
  const wanted = url.searchParams.get('generation');
  if (object === undefined || (wanted !== null && wanted !== String(object.generation))) return missing(name);
  const { bytes, isGzip } = object;
  if (isGzip) return unpacked(object);
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= bytes.length) return error(416, 'no such range');
  const headers = {
    'x-goog-hash': `crc32c=${checksumText(crc32c(bytes))}`,
    'x-goog-generation': String(object.generation),
    ...(range !== undefined && { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  };
  return { status: range === undefined ? 200 : 206, headers, body: bytes.subarray(start) };
}

/** What Google does with an object that is stored compressed, for who does not say that he takes gzip. */
function unpacked({ bytes, generation }: StoredObject): Reply {
  const headers = {
    'x-goog-hash': `crc32c=${checksumText(crc32c(bytes))}`,
    'x-goog-generation': String(generation),
    'x-goog-stored-content-encoding': 'gzip',
    'x-goog-stored-content-length': String(bytes.length),
  };
  return { status: 200, headers, body: gunzipSync(bytes) };
}

function describe(path: string, { bytes, generation, md5 }: StoredObject) {
  const [bucket, ...rest] = path.split('/');
  return {
    kind: 'storage#object',
    bucket,
    name: rest.join('/'),
    size: String(bytes.length),
    generation: String(generation),
    crc32c: checksumText(crc32c(bytes)),
    ...(md5 !== undefined && { md5Hash: md5 }),
  };
}

function incomplete({ received }: Session): Reply {
  const range: Record<string, string> = received.length > 0 ? { range: `bytes=0-${received.length - 1}` } : {};
  return { status: 308, headers: range, body: Buffer.alloc(0) };
}

function json(status: number, value: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) };
}

function error(code: number, message: string): Reply {
  return json(code, { error: { code, message, errors: [{ message, reason: message }] } });
}

function missing(name: string): Reply {
  return error(404, `No such object: ${name}`);
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length >> 1]! ^= 1;
  return copy;
}

function send(response: ServerResponse, { status, headers, body }: Reply, fault: Fault | undefined): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  if (fault?.kind === 'cut') response.write(body.subarray(0, fault.after), () => response.socket?.destroy());
  else if (fault?.kind === 'hang') response.write(body.subarray(0, fault.after), fault.reached);
  else response.end(fault?.kind === 'flip' ? flipped(body) : body);
}

function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Record<string, string> = {},
): void {
  const reply = error(status, message);
  response.writeHead(status, { ...reply.headers, ...headers, 'content-length': reply.body.length }).end(reply.body);
}
