import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { create } from 'tar';
import { createTagger, loadDictionary } from '../../src/mecab/index.ts';
import dictionary from '../../stages/dictionary.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { writeUserDictionary } from '../mecab/write-dictionary.ts';
import { runStage } from './run-stage.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-dictionary-'));
after(() => rmSync(root, { recursive: true, force: true }));
const ipadic = await embeddedIpadic();
/** Connection ids of IPADIC. */
const ipadicIds = 1316;
const dictionaryFiles = ['char.bin', 'dicrc', 'matrix.bin', 'sys.dic', 'unk.dic'];

/** A tar archive of a dictionary as packages have it, and of what `add` puts beside it. */
async function archive(name: string, add: (folder: string) => void = () => {}): Promise<string> {
  const folder = join(root, name);
  const inside = join(folder, 'words-1.0/words/dicdir');
  mkdirSync(inside, { recursive: true });
  for (const file of dictionaryFiles) writeFileSync(join(inside, file), readFileSync(join(ipadic, file)));
  add(inside);
  const path = join(root, `${name}.tar.gz`);
  await create({ file: path, cwd: folder, gzip: { level: 1 } }, ['words-1.0']);
  return path;
}

/** Puts a `python3` first in PATH whose pip answers with a shell script. */
function usePip(t: TestContext, script: string): void {
  const bin = mkdtempSync(join(root, 'bin-'));
  writeFileSync(
    join(bin, 'python3'),
    `#!/bin/bash\n[ "$3" = --version ] && exit 0\nwhile [ "$1" != --dest ]; do shift; done\ndest=$2 package=$3\n${script}\n`,
  );
  chmodSync(join(bin, 'python3'), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
}

const copied = (path: string) => `[ "$package" = words==1.0 ] && cp ${path} "$dest"`;
const run = (t: TestContext, sha256?: string) => runStage(t, dictionary, { with: { package: 'words==1.0', sha256 } });

test('npm:mecab-wasm is the IPADIC that comes along', async (t) => {
  const { outputs } = await runStage(t, dictionary, { with: { package: 'npm:mecab-wasm' } });
  assert.deepEqual(readdirSync(outputs.dictionary).sort(), dictionaryFiles);
});

test('user dictionaries lie beside it, numbered as they are given', async (t) => {
  const user = ['z', 'a'].map((name) => join(root, `${name}.dic`));
  for (const path of user) await writeUserDictionary(path, ipadicIds, [['猫', 1, 1, 0, path]]);
  const { outputs } = await runStage(t, dictionary, { with: { package: 'npm:mecab-wasm' }, inputs: { user } });
  const tagger = createTagger(await loadDictionary(outputs.dictionary));
  assert.equal(tagger.parse(Buffer.from('猫'), 0, 3), 1);
  assert.deepEqual(readdirSync(outputs.dictionary).sort(), [...dictionaryFiles, 'user-01.dic', 'user-02.dic']);
  assert.ok(readFileSync(join(outputs.dictionary, 'user-01.dic')).equals(readFileSync(user[0]!)));
});

test('a user dictionary for another dictionary is refused', async (t) => {
  const user = join(root, 'other.dic');
  await writeUserDictionary(user, 5, [['猫', 1, 1, 0, 'x']]);
  const run = runStage(t, dictionary, { with: { package: 'npm:mecab-wasm' }, inputs: { user: [user] } });
  await assert.rejects(run, { name: 'StageError', message: /user-01\.dic: compiled for another dictionary: 5 × 5/ });
});

test("a package's dictionary folder is unpacked, and the archive's digest told", async (t) => {
  const path = await archive('plain', (inside) => {
    writeFileSync(join(inside, 'COPYING'), 'licence');
    mkdirSync(join(inside, 'deeper'));
    writeFileSync(join(inside, 'deeper/file'), '');
  });
  usePip(t, copied(path));
  const { outputs, log } = await run(t);
  assert.deepEqual(readdirSync(outputs.dictionary).sort(), ['COPYING', ...dictionaryFiles]);
  assert.match(log.join('\n'), new RegExp(`sha256 ${digest(path)}`));
  await run(t, digest(path).toUpperCase());
});

const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('an archive with another digest is refused', async (t) => {
  usePip(t, copied(await archive('other')));
  await assert.rejects(run(t, '0'.repeat(64)), {
    name: 'StageError',
    message: /sha256 of other\.tar\.gz is .*, not 0{64}/,
  });
});

test('links in an archive are left out, and nothing is written elsewhere', async (t) => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  const path = await archive('links', (inside) => {
    symlinkSync(outside, join(inside, 'link'));
    symlinkSync(join(outside, 'file'), join(inside, 'mecabrc'));
  });
  usePip(t, copied(path));
  const { outputs } = await run(t);
  assert.deepEqual(readdirSync(outputs.dictionary).sort(), dictionaryFiles);
  assert.deepEqual(readdirSync(outside), []);
});

test('names that climb out of an archive stay inside', async (t) => {
  const path = join(root, 'climbing.tar');
  await create({ file: path, cwd: join(root, 'plain'), prefix: '../..' }, ['words-1.0']);
  usePip(t, copied(path));
  const { outputs } = await run(t);
  assert.deepEqual(readdirSync(outputs.dictionary).sort(), ['COPYING', ...dictionaryFiles]);
  assert.deepEqual(readdirSync(dirname(outputs.dictionary)).sort(), ['dictionary', 'scratch']);
});

const failures: [string, string, RegExp][] = [
  [
    'pip fails',
    'echo no matching distribution >&2; exit 1',
    /pip cannot download words==1\.0: .*no matching distribution/,
  ],
  [
    'the archive is cut short',
    `head -c 1000 ${join(root, 'plain.tar.gz')} > "$dest/x.tar.gz"`,
    /x\.tar\.gz: not a whole archive/,
  ],
  ['the archive is no archive', 'echo hello > "$dest/x.whl"', /x\.whl: not a whole archive/],
  ['there is no dictionary in it', `tar czf "$dest/x.tar.gz" -C ${root} --files-from /dev/null`, /x\.tar\.gz/],
];

for (const [name, script, message] of failures) {
  test(`the message says so when ${name}`, async (t) => {
    usePip(t, script);
    await assert.rejects(run(t), { name: 'StageError', message });
  });
}

test('without pip the message says what else to do', async (t) => {
  const before = process.env.PATH;
  process.env.PATH = root;
  t.after(() => {
    process.env.PATH = before;
  });
  await assert.rejects(run(t), { name: 'StageError', message: /apt install python3-pip.*npm:mecab-wasm/s });
});

test('a package without a version, or an option in its place, is refused', async (t) => {
  for (const name of ['unidic-lite', '--index-url=x', 'a==1;rm', 'a b==1']) {
    const message = /is not a package with a version/;
    await assert.rejects(runStage(t, dictionary, { with: { package: name } }), { name: 'StageError', message });
  }
});
