/** Google Cloud Storage that misbehaves: whatever it does, objects arrive whole, and errors say what to do. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Bucket } from '../../src/objects/bucket.ts';
import { parsePlace } from '../../src/objects/object-url.ts';
import { openBucket } from '../../src/objects/open-bucket.ts';
import { type RemoteError, withoutSecrets } from '../../src/objects/remote-error.ts';
import { type Fault, type GcsServer, startGcs } from './gcs-server.ts';

const large = randomBytes(9 * 2 ** 20);
const busy: Fault = { kind: 'status', status: 503, retryAfter: '0' };
const throttled: Fault = { kind: 'status', status: 429, retryAfter: '0' };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'kumiki-objects-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open({ endpoint }: GcsServer, url = 'gs://lab/kumiki'): Promise<Bucket> {
  const place = parsePlace(url, '/');
  if (typeof place === 'string') throw new Error(place);
  return openBucket(place, { endpoint });
}

function largeFile(t: TestContext): { file: string; size: number } {
  const file = join(folder(t), 'large');
  writeFileSync(file, large);
  return { file, size: large.length };
}

test('what is written is read back; what is there is never overwritten', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  assert.equal(await bucket.create('a/b c+ü', { bytes: Buffer.from('one') }), 'created');
  assert.equal(await bucket.create('a/b c+ü', { bytes: Buffer.from('two') }), 'exists');
  assert.equal(String(await bucket.read('a/b c+ü')), 'one');
  assert.equal(await bucket.read('nothing'), undefined);
  assert.equal(await bucket.stat('nothing'), undefined);
  assert.equal(await bucket.create('large', largeFile(t)), 'created');
  assert.equal(await bucket.create('large', largeFile(t)), 'exists');
  const path = join(folder(t), 'copy');
  assert.equal(await bucket.download('large', path), true);
  assert.ok(readFileSync(path).equals(large));
  assert.equal(await bucket.download('nothing', join(folder(t), 'nothing')), false);
  const names: string[] = [];
  for await (const { name } of bucket.list('')) names.push(name);
  assert.deepEqual(names, ['a/b c+ü', 'large']);
});

test('a listing goes on over pages', async (t) => {
  const gcs = await startGcs(t);
  for (let i = 0; i < 2500; i++) gcs.put(`lab/kumiki/x/${String(i).padStart(4, '0')}`, 'x');
  const names: string[] = [];
  for await (const { name } of (await open(gcs)).list('x/')) names.push(name);
  assert.equal(new Set(names).size, 2500);
});

test('429 and 503 are waited out as Retry-After says', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.fail('upload', /small/, busy, throttled);
  gcs.fail('begin', /large/, throttled);
  gcs.fail('send', /large/, busy);
  gcs.fail('get', /./, busy, throttled);
  gcs.fail('stat', /small/, busy);
  assert.equal(await bucket.create('small', { bytes: Buffer.from('s') }), 'created');
  assert.equal(await bucket.create('large', largeFile(t)), 'created');
  assert.equal((await bucket.stat('small'))?.size, 1);
  assert.equal(String(await bucket.read('small')), 's');
  assert.ok(gcs.objects.get('lab/kumiki/large')!.bytes.equals(large));
});

test('an upload that is cut goes on from where the server has it', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.fail('send', /large/, { kind: 'cut', after: 5 * 2 ** 20 });
  let moved = 0;
  const onBytes = (bytes: number) => {
    moved += bytes;
  };
  assert.equal(await bucket.create('large', largeFile(t), { onBytes }), 'created');
  assert.ok(gcs.objects.get('lab/kumiki/large')!.bytes.equals(large));
  assert.ok(gcs.requests.some((request) => request.startsWith('query')));
  assert.ok(gcs.received < large.length + 2 ** 20, `${gcs.received} bytes were sent for ${large.length}`);
  assert.equal(moved, large.length);
});

test('an upload that the server has forgotten begins again', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.fail('send', /large/, { kind: 'status', status: 410 });
  assert.equal(await bucket.create('large', largeFile(t)), 'created');
  assert.ok(gcs.objects.get('lab/kumiki/large')!.bytes.equals(large));
});

test('a lost answer is not a lost object', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.fail('upload', /small/, { kind: 'lose-reply' });
  gcs.fail('begin', /large/, { kind: 'lose-reply' });
  gcs.fail('send', /large/, { kind: 'lose-reply' });
  // What is there by then may be ours or another's: who asks compares.
  assert.equal(await bucket.create('small', { bytes: Buffer.from('s') }), 'exists');
  assert.equal(await bucket.create('large', largeFile(t)), 'created');
  assert.ok(gcs.objects.get('lab/kumiki/large')!.bytes.equals(large));
});

test('a download that is cut goes on, and one whose bytes are wrong begins again', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.put('lab/kumiki/large', large);
  gcs.fail('get', /large/, { kind: 'cut', after: 3 * 2 ** 20 }, { kind: 'cut', after: 2 ** 20 }, { kind: 'flip' });
  const path = join(folder(t), 'copy');
  assert.equal(await bucket.download('large', path), true);
  assert.ok(readFileSync(path).equals(large));
});

test('a download of what is stored compressed begins again when it is cut: no part of it can be asked for', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.put('lab/kumiki/packed', gzipSync(large), { isGzip: true });
  gcs.fail('get', /packed/, { kind: 'cut', after: 5_000_000 });
  const path = join(folder(t), 'unpacked');
  const moved: number[] = [];
  assert.ok(await bucket.download('packed', path, { onBytes: (bytes) => void moved.push(bytes) }));
  assert.ok(readFileSync(path).equals(large));
  assert.equal(
    moved.reduce((sum, bytes) => sum + bytes),
    large.length,
  );
});

test('bytes that never have their checksum are told of, and leave no file', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.put('lab/kumiki/large', large);
  gcs.fail('get', /large/, ...Array.from({ length: 3 }, (): Fault => ({ kind: 'flip' })));
  const path = join(folder(t), 'copy');
  await assert.rejects(
    bucket.download('large', path),
    /gs:\/\/lab\/kumiki\/large arrives with other bytes than its checksum/,
  );
  assert.ok(!existsSync(path));
});

test('a server that stores something else than it was sent does not keep it', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.fail('upload', /small/, { kind: 'store-flipped' });
  gcs.fail('send', /large/, { kind: 'store-flipped' });
  assert.equal(await bucket.create('small', { bytes: Buffer.from('small') }), 'created');
  assert.equal(await bucket.create('large', largeFile(t)), 'created');
  assert.equal(String(gcs.objects.get('lab/kumiki/small')!.bytes), 'small');
  assert.ok(gcs.objects.get('lab/kumiki/large')!.bytes.equals(large));
});

test('an object that is larger than it may be is not let onto the disk', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  gcs.put('lab/kumiki/large', large);
  const path = join(folder(t), 'copy');
  await assert.rejects(bucket.download('large', path, { size: 100 }), /is larger than 100 bytes/);
  assert.ok(!existsSync(path));
});

test('errors name the remedy', async (t) => {
  const gcs = await startGcs(t);
  await assert.rejects(
    open(gcs, 'gs://other/kumiki'),
    /no bucket gs:\/\/other: create it with `gcloud storage buckets create/,
  );
  gcs.fail('list', /./, { kind: 'status', status: 401, message: 'Invalid Credentials' });
  await assert.rejects(open(gcs), /gcloud auth application-default login/);
  gcs.fail('list', /./, { kind: 'status', status: 403, message: 'you do not have storage.objects.list access' });
  await assert.rejects(open(gcs), /no permission to read in gs:\/\/lab: ask for roles\/storage\.objectViewer/);
  const bucket = await open(gcs);
  gcs.fail('upload', /./, { kind: 'status', status: 403 });
  await assert.rejects(bucket.create('x', { bytes: Buffer.from('x') }), /ask for roles\/storage\.objectUser/);
  const nobody = openBucket({ kind: 'gcs', bucket: 'lab', path: '' }, { endpoint: 'http://127.0.0.1:1' });
  await assert.rejects(nobody, (error: RemoteError) => error.trouble === 'unavailable');
});

test('credentials that cannot be used are told of with their file, before anything is asked', async (t) => {
  const before = process.env.GOOGLE_APPLICATION_CREDENTIALS;
  t.after(() => {
    if (before === undefined) delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    else process.env.GOOGLE_APPLICATION_CREDENTIALS = before;
  });
  const file = join(folder(t), 'key.json');
  process.env.GOOGLE_APPLICATION_CREDENTIALS = file;
  for (const content of [undefined, '{"type": ', '{"type": "service_account"}']) {
    if (content !== undefined) writeFileSync(file, content);
    await assert.rejects(openBucket({ kind: 'gcs', bucket: 'lab', path: '' }), (error: RemoteError) => {
      assert.equal(error.trouble, 'no-credentials');
      assert.ok(error.message.includes(`GOOGLE_APPLICATION_CREDENTIALS, ${file}, cannot be used`), error.message);
      return true;
    });
  }
});

test('no message holds a token or a signed URL', async (t) => {
  const gcs = await startGcs(t);
  const bucket = await open(gcs);
  const secret = `GET ${gcs.endpoint}/o?upload_id=TOPSECRET1&X-Goog-Signature=TOPSECRET2 Authorization: Bearer ya29.TOPSECRET3`;
  gcs.fail(
    'send',
    /large/,
    ...Array.from({ length: 7 }, (): Fault => ({ kind: 'status', status: 500, retryAfter: '0', message: secret })),
  );
  const upload = bucket.create('large', largeFile(t));
  await assert.rejects(
    upload,
    ({ message }: Error) => !/TOPSECRET|secret-session/.test(message) && message.includes('500'),
  );
  assert.equal(withoutSecrets('{"refresh_token": "TOPSECRET", "x": 1}'), '{"refresh_token": "…", "x": 1}');
});

test('the command that deletes an object is one that a shell takes, whatever its name', async (t) => {
  const gcs = await startGcs(t);
  const said = (await open(gcs, "gs://lab/it's")).removalCommand('a b');
  assert.equal(said, String.raw`gcloud storage rm 'gs://lab/it'\''s/a b'`);
});

test('many small objects travel side by side', async (t) => {
  const gcs = await startGcs(t, { latencyMs: 20 });
  const bucket = await open(gcs);
  const names = Array.from({ length: 300 }, (_, i) => `x/${i}`);
  await Promise.all(names.map((name) => bucket.create(name, { bytes: Buffer.from(name) })));
  assert.equal(gcs.objects.size, 300);
  assert.equal(String(gcs.objects.get('lab/kumiki/x/7')!.bytes), 'x/7');
});
