import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { create } from 'tar';
import { FetchError } from '../../src/fetch/fetch-error.ts';
import { unpackFiles } from '../../src/fetch/unpack-files.ts';
import { unpackFolder } from '../../src/fetch/unpack-folder.ts';
import { unpackWheel } from '../../src/fetch/unpack-wheel.ts';
import { wheel } from './wheel.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-unpack-'));
after(() => rmSync(root, { recursive: true, force: true }));

const contents = { 'words/dicdir/sys.dic': 'words '.repeat(40), 'words/dicdir/dicrc': 'bos-feature = B\n' };

async function archives(): Promise<Record<string, Buffer>> {
  const source = join(root, 'source');
  mkdirSync(join(source, 'words/dicdir'), { recursive: true });
  for (const [path, content] of Object.entries(contents)) writeFileSync(join(source, path), content);
  for (const [name, gzip] of [
    ['plain.tar', false],
    ['packed.tar.gz', true],
  ] as const) {
    await create({ file: join(root, name), cwd: source, gzip, portable: true }, ['words']);
  }
  const [tar, gzip] = ['plain.tar', 'packed.tar.gz'].map((name) => readFileSync(join(root, name)));
  return { 'a.tar': tar!, 'a.tar.gz': gzip!, 'a.whl': wheel('words-1.0', contents) };
}

const unpackers: Record<string, (archive: string, target: string) => Promise<unknown>> = {
  unpackFolder: (archive, target) => unpackFolder(archive, 'sys.dic', target),
  unpackFiles: (archive, target) => unpackFiles(archive, () => true, target),
  unpackWheel: (archive, target) => unpackWheel(archive, target, (path) => path.startsWith('words/')),
};

/** Some bytes changed, and perhaps the end cut off. */
const damage = fc.record({
  changes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  cut: fc.option(fc.nat(), { freq: 4 }),
});

function damaged(archive: Buffer, { changes, cut }: { changes: [number, number][]; cut: number | null }): Buffer {
  const bytes = Buffer.from(cut === null ? archive : archive.subarray(0, cut % archive.length));
  for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
  return bytes;
}

for (const [name, archive] of Object.entries(await archives())) {
  for (const [unpacker, unpack] of Object.entries(unpackers)) {
    if (unpacker === 'unpackWheel' && name !== 'a.whl') continue;
    test(`${unpacker}, ${name}: whatever bytes are changed, it is refused or gives plain files, and none elsewhere`, async () => {
      await fc.assert(
        fc.asyncProperty(damage, async (change) => {
          const place = mkdtempSync(join(root, 'place-'));
          const target = join(place, 'target');
          mkdirSync(target);
          writeFileSync(join(place, name), damaged(archive, change));
          await unpack(join(place, name), target).catch((error: unknown) => {
            assert.ok(error instanceof FetchError, String(error));
          });
          assert.deepEqual(readdirSync(place).sort(), [name, 'target']);
          for (const path of readdirSync(target, { recursive: true }) as string[]) {
            const found = lstatSync(join(target, path));
            assert.ok(found.isFile() || found.isDirectory(), path);
          }
          rmSync(place, { recursive: true });
        }),
        { numRuns: 150 },
      );
    });
  }
}

test('archives that are whole are unpacked whole', async () => {
  for (const [name, archive] of Object.entries(await archives())) {
    const target = mkdtempSync(join(root, 'whole-'));
    writeFileSync(join(root, name), archive);
    await unpackFolder(join(root, name), 'sys.dic', target);
    assert.deepEqual(readdirSync(target).sort(), ['dicrc', 'sys.dic'], name);
    assert.equal(readFileSync(join(target, 'sys.dic'), 'utf8'), contents['words/dicdir/sys.dic']);
  }
});

test('nothing is written any more once an archive is refused', async () => {
  const source = join(root, 'many');
  mkdirSync(source);
  const names = Array.from({ length: 200 }, (_, i) => `${i}.txt`);
  for (const name of names) writeFileSync(join(source, name), name);
  const archive = join(root, 'cut.tar');
  await create({ file: archive, cwd: source, portable: true }, names);
  // In the middle of a file's blocks, a header and its content each.
  truncateSync(archive, 1024 * 150 + 700);
  const target = mkdtempSync(join(root, 'cut-'));
  await assert.rejects(
    unpackFiles(archive, () => true, target),
    FetchError,
  );
  const left = readdirSync(target).length;
  await delay(200);
  assert.equal(readdirSync(target).length, left);
});
