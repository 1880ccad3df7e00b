import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json } from '../../src/graph/plan.ts';
import { digestFile, digestFiles, smallFile } from '../../src/store/digest/digest-file.ts';
import { canonicalJson, digestJson } from '../../src/store/digest/digest-json.ts';
import { digestOfPath, digestTree } from '../../src/store/digest/digest-tree.ts';
import { resultKey } from '../../src/store/key.ts';
import type { Digest, FileRecord } from '../../src/store/result.ts';
import { temporaryFolder } from './rig.ts';

const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}` as Digest);
const fileRecord = fc.record({ path: fc.string({ minLength: 1 }), size: fc.nat(), digest, executable: fc.boolean() });
const folder = fc.uniqueArray(fileRecord, { selector: (file) => file.path, maxLength: 8 });
const shuffled = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });

test('a file digests to the SHA-256 of its bytes, in this thread and in workers', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  for (const size of [0, 1, 65_536, 65_537, 1_000_000, smallFile + 3]) {
    const bytes = randomBytes(size);
    writeFileSync(path, bytes);
    assert.equal(await digestFile(path, size), sha256(bytes), `${size} bytes`);
  }
});

test('many files digest in the order they were given', async (t) => {
  const directory = temporaryFolder(t);
  const contents = Array.from({ length: 700 }, (_, index) => Buffer.from(`file ${index}`));
  const files = contents.map((bytes, index) => ({ path: join(directory, String(index)), size: bytes.length }));
  for (const [index, { path }] of files.entries()) writeFileSync(path, contents[index]!);
  assert.deepEqual(await digestFiles(files), contents.map(sha256));
});

test('a file that is not there is reported by the system, from workers too', async (t) => {
  const path = join(temporaryFolder(t), 'absent');
  await assert.rejects(digestFile(path, 10), { code: 'ENOENT', path });
  await assert.rejects(digestFile(path, smallFile + 1), { code: 'ENOENT', path });
});

test('the digest of a directory does not depend on the order in which it is listed', () => {
  fc.assert(
    fc.property(
      folder.chain((files) => fc.tuple(fc.constant(files), shuffled(files))),
      ([files, other]) => assert.equal(digestTree(other), digestTree(files)),
    ),
  );
});

test('the digest of a directory tells any two directories apart', () => {
  fc.assert(
    fc.property(folder, folder, (one, other) => {
      const listing = (files: readonly FileRecord[]) =>
        files.map((file) => JSON.stringify([file.path, file.size, file.digest, file.executable])).sort();
      const same = JSON.stringify(listing(one)) === JSON.stringify(listing(other));
      assert.equal(digestTree(one) === digestTree(other), same);
    }),
  );
  const file: FileRecord = { path: 'run', size: 1, digest: 'sha256:00', executable: false };
  assert.notEqual(digestTree([file]), digestTree([{ ...file, executable: true }]));
});

test('a path below a directory has the digest of that file or subtree alone', () => {
  const file = (path: string, hex: string): FileRecord => ({
    path,
    size: 1,
    digest: `sha256:${hex}`,
    executable: false,
  });
  const files = [file('a', '1'), file('b/c', '2'), file('b/d', '3'), file('bc', '4')];
  assert.equal(digestOfPath(files, 'a'), 'sha256:1');
  assert.equal(digestOfPath(files, './b/'), digestTree([file('c', '2'), file('d', '3')]));
  assert.equal(digestOfPath(files, '.'), digestTree(files));
  assert.equal(digestOfPath(files, 'x'), undefined);
});

test('JSON values are equal in canonical form when they are equal up to the order of keys', () => {
  const reordered = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(reordered);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, item]) => [key, reordered(item)]),
    );
  };
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(digestJson(reordered(value as Json)), digestJson(value as Json));
      assert.deepEqual(JSON.parse(canonicalJson(value as Json)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a key depends on the recipe and on the inputs by name, not on the order in which inputs are listed', () => {
  const inputs = [
    { name: 'a', digests: ['sha256:1', 'sha256:2'] as const },
    { name: 'b', digests: ['sha256:3'] as const },
  ];
  const key = resultKey('recipe', inputs);
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(resultKey('recipe', inputs.toReversed()), key);
  const others = [
    resultKey('other', inputs),
    resultKey('recipe', [{ name: 'c', digests: ['sha256:1', 'sha256:2'] }, inputs[1]!]),
    resultKey('recipe', [{ name: 'a', digests: ['sha256:2', 'sha256:1'] }, inputs[1]!]),
    resultKey('recipe', [{ name: 'a', digests: ['sha256:1'] }, inputs[1]!]),
  ];
  assert.equal(new Set([key, ...others]).size, 5);
});
