import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { forEachLine, forEachTextLine, lineNumber, readLineBlocks } from '../../src/text/reading/read-lines.ts';
import { dropUndecodable } from '../../src/text/utf8.ts';
import { strip, strippedBegin, strippedEnd } from '../../src/text/whitespace.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-lines-'));
after(() => rmSync(root, { recursive: true, force: true }));

const content = Buffer.from(Array.from({ length: 3000 }, (_, i) => `${i}番目の行${'。'.repeat(i % 50)}\n`).join(''));
const xz = (bytes: Uint8Array) => spawnSync('xz', ['-c'], { input: bytes, maxBuffer: 1 << 26 }).stdout;

function write(name: string, bytes: string | Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string, blockSize = 1 << 18): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  let offset = 0;
  for await (const block of readLineBlocks(path, { blockSize })) {
    assert.equal(block.offset, offset);
    offset += block.bytes.length;
    blocks.push(Buffer.from(block.bytes));
  }
  return blocks;
}

const files: [string, Uint8Array][] = [
  ['plain', content],
  ['gzip', gzipSync(content)],
  ['gzip of several members', Buffer.concat([gzipSync(content.subarray(0, 1000)), gzipSync(content.subarray(1000))])],
  ['xz', xz(content)],
  [
    'xz of several streams with padding',
    Buffer.concat([xz(content.subarray(0, 999)), Buffer.alloc(8), xz(content.subarray(999))]),
  ],
];

for (const [name, bytes] of files) {
  test(`${name}: told by its first bytes, read whole, cut only at line ends`, async () => {
    const blocks = await read(write('file', bytes), 1000);
    assert.ok(Buffer.concat(blocks).equals(content));
    assert.ok(blocks.length > 1);
    for (const block of blocks) assert.equal(block.at(-1), 0x0a);
  });
}

test('blocks in place hold the same lines, each until the next one comes', async () => {
  const path = write('in-place', content);
  const copies: Buffer[] = [];
  const buffers = new Set<ArrayBufferLike>();
  for await (const { bytes } of readLineBlocks(path, { blockSize: 1000, inPlace: true })) {
    copies.push(Buffer.from(bytes));
    buffers.add(bytes.buffer);
  }
  assert.ok(Buffer.concat(copies).equals(content));
  assert.ok(buffers.size < copies.length);
});

test('xz is read without the xz program too', async () => {
  const path = write('alone.xz', xz(content));
  const short = write('short.xz', xz(content).subarray(0, -30));
  const before = process.env.PATH;
  process.env.PATH = '';
  try {
    assert.ok(Buffer.concat(await read(path)).equals(content));
    await assert.rejects(read(short), { name: 'TextError' });
  } finally {
    process.env.PATH = before;
  }
});

test('an empty file has no lines; a last line may lack its end', async () => {
  assert.deepEqual(await read(write('empty', '')), []);
  assert.deepEqual(await read(write('one', 'a\nb')), [Buffer.from('a\nb')]);
});

test('an archive with one bit or its end changed is an error or reads something, and ends', async () => {
  const archives = [gzipSync(content), xz(content)];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...archives), fc.nat(), fc.nat(7), fc.boolean(), async (archive, at, bit, cut) => {
      const damaged = Buffer.from(cut ? archive.subarray(0, at % archive.length) : archive);
      if (!cut) damaged[at % archive.length]! ^= 1 << bit;
      try {
        await read(write('damaged', damaged));
      } catch (error) {
        assert.equal((error as Error).name, 'TextError', String((error as Error).stack));
      }
    }),
    { numRuns: 150 },
  );
});

function lines(forEach: typeof forEachLine, text: string): string[] {
  const bytes = Buffer.from(text);
  const result: string[] = [];
  forEach(bytes, (begin, end) => result.push(bytes.toString('utf8', begin, end)));
  return result;
}

test('lines end at LF only, or in text mode at LF, CR LF and CR', () => {
  assert.deepEqual(lines(forEachLine, 'a\rb\r\nc\n\nd'), ['a\rb\r', 'c', '', 'd']);
  assert.deepEqual(lines(forEachTextLine, 'a\rb\r\nc\n\nd'), ['a', 'b', 'c', '', 'd']);
  assert.deepEqual(lines(forEachTextLine, '\r\r\n\n\r'), ['', '', '', '']);
  assert.deepEqual(lines(forEachTextLine, 'a\u2028b\u0085c\x1cd\n'), ['a\u2028b\u0085c\x1cd']);
});

test('the text lines of any text are those between its line ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'あ', '\r', '\n'), maxLength: 20 }), (text) => {
      const parts = text.split(/\r\n|\r|\n/);
      if (parts.at(-1) === '') parts.pop();
      assert.deepEqual(lines(forEachTextLine, text), parts);
    }),
  );
});

test('a byte is found in its line', async () => {
  assert.equal(await lineNumber(write('numbers', 'a\nb\rc\r\nd\n'), 0), 1);
  assert.equal(await lineNumber(join(root, 'numbers'), 4), 3);
  assert.equal(await lineNumber(join(root, 'numbers'), 7), 4);
});

test('bytes that belong to no character are dropped, the others stay', () => {
  const bytes = Buffer.from('610ae38182e381e38182fff09f9880eda080c0afe2', 'hex');
  assert.equal(Buffer.from(dropUndecodable(bytes)).toString(), 'a\nああ😀');
});

test('white space around bytes is that around the text', () => {
  const characters = fc.constantFrom(
    ...'a木 \t\n\v\f\r\x1c\x1f\x85\xa0\u1680\u2000\u200a\u200b\u2028\u202f\u205f\u3000\ufeff😀',
  );
  fc.assert(
    fc.property(fc.string({ unit: characters, maxLength: 8 }), (text) => {
      const bytes = Buffer.from(text);
      const begin = strippedBegin(bytes, 0, bytes.length);
      assert.equal(bytes.toString('utf8', begin, strippedEnd(bytes, begin, bytes.length)), strip(text));
    }),
  );
});
