import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Downloaded, type DownloadOptions, download } from '../../src/fetch/download.ts';
import { FetchError } from '../../src/fetch/fetch-error.ts';
import { file, type Reply, serve, silence, status, withoutConditions, withoutRanges } from './misbehaving-server.ts';

const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i) % 251));
const other = Buffer.from(content).reverse();
const sha256 = createHash('sha256').update(content).digest('hex');
const etag = '"one"';
/** Far enough that something is kept: what `fetch` has received but not yet handed out (up to 130 kB) is lost with the connection. */
const midway = 1_500_000;
/** How much of a broken transfer arrives is up to the sockets. */
const aRest = /^bytes=[1-9]\d*-$/;

function workplace(t: TestContext): { scratch: string; file: string } {
  const scratch = mkdtempSync(join(tmpdir(), 'kumiki-download-'));
  t.after(() => rmSync(scratch, { recursive: true, force: true }));
  return { scratch, file: join(scratch, 'result') };
}

async function fetchFile(t: TestContext, options: Partial<DownloadOptions> & { urls: string[] }) {
  const place = workplace(t);
  const log: string[] = [];
  const result = (): Promise<Downloaded> =>
    download({
      ...place,
      attempts: 3,
      pauseMs: 1,
      signal: new AbortController().signal,
      progress: () => {},
      log: (line) => log.push(line),
      ...options,
    });
  return { ...place, log, result };
}

async function assertFetches(t: TestContext, options: Partial<DownloadOptions> & { urls: string[] }) {
  const { result, file, log } = await fetchFile(t, options);
  assert.deepEqual(await result(), { sha256, size: content.length });
  assert.ok(readFileSync(file).equals(content));
  return log.join('\n');
}

async function assertFails(t: TestContext, options: Partial<DownloadOptions> & { urls: string[] }, message: RegExp) {
  const { result, file } = await fetchFile(t, options);
  await assert.rejects(result(), (error) => error instanceof FetchError && message.test(error.message));
  assert.ok(!existsSync(file), 'nothing is put in place');
}

test('a file is fetched whole, and its digest told', async (t) => {
  const { url, ranges } = await serve(t, file({ content, etag }));
  await assertFetches(t, { urls: [url], sha256, size: content.length });
  assert.deepEqual(ranges, [undefined]);
});

test('a dropped connection goes on from where it stopped', async (t) => {
  const { url, ranges } = await serve(t, file({ content, etag }, { until: midway }), file({ content, etag }));
  await assertFetches(t, { urls: [url] });
  assert.match(ranges[1]!, aRest);
});

test('a server that ignores Range sends the file again from the beginning', async (t) => {
  const { url } = await serve(t, file({ content, etag }, { until: midway }), withoutRanges({ content, etag }));
  const log = await assertFetches(t, { urls: [url] });
  assert.match(log, /sends the whole file; \d+ bytes are fetched again/);
});

test('a file that changes midway is begun again', async (t) => {
  const old = file({ content: other, etag: '"old"' }, { until: midway });
  const { url } = await serve(t, old, file({ content, etag }));
  const log = await assertFetches(t, { urls: [url] });
  assert.match(log, /not the one that was begun/);
});

test('a file that changes midway is noticed though the server ignores If-Range', async (t) => {
  const old = file({ content: other, etag: '"old"' }, { until: midway });
  const { url } = await serve(t, old, withoutConditions({ content, etag }));
  const log = await assertFetches(t, { urls: [url] });
  assert.match(log, /of another file/);
});

test('without ETag or digest nothing is joined', async (t) => {
  const { url, ranges } = await serve(t, file({ content: other }, { until: midway }), file({ content }));
  await assertFetches(t, { urls: [url] });
  assert.deepEqual(ranges, [undefined, undefined]);
});

test('a wrong mixture of two files is found by the digest and fetched again', async (t) => {
  const { url } = await serve(t, file({ content: other }, { until: midway }), file({ content }));
  const log = await assertFetches(t, { urls: [url], sha256 });
  assert.match(log, /fetched in parts, so once more/);
});

test('another mirror goes on with what the first has sent, if the digest is known', async (t) => {
  const first = await serve(t, file({ content, etag: '"a"' }, { until: midway }), status(404));
  const second = await serve(t, file({ content, etag: '"b"' }));
  await assertFetches(t, { urls: [first.url, second.url], sha256 });
  assert.match(second.ranges[0]!, aRest);
});

test('a mirror with another file is passed over', async (t) => {
  const first = await serve(t, file({ content: other }));
  const second = await serve(t, file({ content }));
  await assertFetches(t, { urls: [first.url, second.url], sha256 });
});

const passing: [string, Reply][] = [
  ['503', status(503)],
  ['429 with Retry-After', status(429, { 'retry-after': '0' })],
  ['a closed connection', (request) => request.socket.destroy()],
  ['an answer that is not HTTP', (request) => request.socket.end('what?\r\n\r\n')],
];

for (const [name, reply] of passing) {
  test(`${name} is tried again`, async (t) => {
    const { url } = await serve(t, reply, file({ content }));
    await assertFetches(t, { urls: [url] });
  });
}

test('a silent server is given up and tried again', async (t) => {
  const { url } = await serve(t, silence, file({ content }));
  const log = await assertFetches(t, { urls: [url], idleMs: 50 });
  assert.match(log, /nothing arrived/);
});

test('404 fails at once, and the message names the address', async (t) => {
  const { url, ranges } = await serve(t, status(404));
  await assertFails(t, { urls: [url] }, new RegExp(`${url}: it answers 404`));
  assert.equal(ranges.length, 1);
});

test('a server that only fails is given up after a few attempts', async (t) => {
  const { url, ranges } = await serve(t, status(500));
  await assertFails(t, { urls: [url] }, /500 .*\(3 times\)/);
  assert.equal(ranges.length, 3);
});

test('a wrong digest fails and tells both', async (t) => {
  const { url } = await serve(t, file({ content: other }));
  await assertFails(t, { urls: [url], sha256 }, new RegExp(`its sha256 is [0-9a-f]{64}, not ${sha256}`));
});

test('a wrong size fails before anything is fetched', async (t) => {
  const { url } = await serve(t, file({ content }));
  await assertFails(t, { urls: [url], size: 5 }, /has 3000000 bytes, not 5/);
});

test('an encoded answer is refused', async (t) => {
  const { url } = await serve(t, (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
  await assertFails(t, { urls: [url] }, /sends the file encoded \(gzip\)/);
});

test('other protocols are refused', async (t) => {
  await assertFails(t, { urls: ['ftp://example.org/file'] }, /not an http or https URL/);
});

test('what a stopped download has fetched is gone on with by the next one', async (t) => {
  const { url, ranges } = await serve(t, file({ content, etag }, { until: midway }), silence, file({ content, etag }));
  const place = workplace(t);
  const stop = new AbortController();
  const options = { ...place, urls: [url], pauseMs: 1, progress: () => {}, log: () => {} };
  const stopped = download({ ...options, signal: stop.signal, log: () => stop.abort(new Error('stopped')) });
  await assert.rejects(stopped);
  assert.ok(!existsSync(place.file));
  const { size } = await download({ ...options, signal: new AbortController().signal, idleMs: 100 });
  assert.equal(size, content.length);
  assert.ok(readFileSync(place.file).equals(content));
  assert.match(ranges.at(-1)!, aRest);
});
