import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type Reply = (request: IncomingMessage, response: ServerResponse) => void;

export interface Server {
  readonly url: string;
  /** The Range header of each request so far. */
  readonly ranges: (string | undefined)[];
}

/** A server that answers each request with the next of `replies`, the last one again and again. */
export async function serve(t: TestContext, ...replies: [Reply, ...Reply[]]): Promise<Server> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const reply = replies[Math.min(ranges.length, replies.length - 1)]!;
    ranges.push(request.headers.range);
    reply(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, ranges };
}

export interface Version {
  readonly content: Buffer;
  readonly etag?: string;
}

/** Answers as a good server does: ranges, and If-Range by ETag. Drops the connection once `until` bytes are sent. */
export function file({ content, etag }: Version, { until = content.length } = {}): Reply {
  return (request, response) => {
    const condition = request.headers['if-range'];
    const start = condition === undefined || condition === etag ? rangeStart(request) : undefined;
    if (start !== undefined && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    send(response, start === undefined ? 200 : 206, content, start ?? 0, until, etag);
  };
}

/** Answers with the beginning of the file and then says no more, as long as the connection is there. */
export function stalling({ content, etag }: Version, until: number): Reply {
  return (_, response) => {
    response.writeHead(200, { 'content-length': String(content.length), ...(etag && { etag }) });
    response.write(content.subarray(0, until));
  };
}

/** Answers with the whole file whatever is asked for. */
export function withoutRanges({ content, etag }: Version): Reply {
  return (_, response) => send(response, 200, content, 0, content.length, etag);
}

/** Takes no notice of If-Range: sends the rest of whatever the file is by now. */
export function withoutConditions({ content, etag }: Version): Reply {
  return (request, response) => {
    const start = rangeStart(request);
    send(response, start === undefined ? 200 : 206, content, start ?? 0, content.length, etag);
  };
}

export function status(code: number, headers: Record<string, string> = {}): Reply {
  return (_, response) => response.writeHead(code, headers).end();
}

/** Takes the request and never answers. */
export const silence: Reply = () => {};

function rangeStart(request: IncomingMessage): number | undefined {
  const match = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  return match ? Number(match[1]) : undefined;
}

function send(response: ServerResponse, code: number, content: Buffer, start: number, until: number, etag?: string) {
  const headers: Record<string, string> = { 'content-length': String(content.length - start) };
  if (etag) headers.etag = etag;
  if (code === 206) headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(code, headers);
  if (until >= content.length) response.end(content.subarray(start));
  else response.write(content.subarray(start, until), () => response.socket?.end());
}
