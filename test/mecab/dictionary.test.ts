import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createTagger, DictionaryError, loadDictionary, tokenizeText } from '../../src/mecab/index.ts';
import { printed } from './printed.ts';
import { smallDictionary } from './small-dictionary.ts';
import { type DictionarySource, writeDictionary, writeUserDictionary } from './write-dictionary.ts';

const root = await mkdtemp(join(tmpdir(), 'kumiki-dictionary-'));
after(() => rm(root, { recursive: true }));

let made = 0;
async function written(changes: Partial<DictionarySource> = {}): Promise<string> {
  const directory = join(root, String(made++));
  await writeDictionary(directory, { ...smallDictionary, ...changes });
  return directory;
}

async function refusal(directory: string): Promise<string> {
  const error = await loadDictionary(directory).then(
    () => assert.fail('the dictionary was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DictionaryError, String(error));
  return error.message.replace(`${directory}/`, '');
}

test('words of a dictionary compete, and the cheapest path wins', async () => {
  const tagger = createTagger(await loadDictionary(await written()));
  assert.deepEqual(tokenizeText(tagger, '猫背が猫が'), ['猫背', 'が', '猫', 'が']);
  assert.deepEqual(tokenizeText(tagger, 'xa b'), ['x', 'a b']);
});

test('user dictionaries beside it add words, which are numbered after those of the system', async () => {
  const directory = await written();
  await writeUserDictionary(join(directory, 'user.dic'), smallDictionary.ids, [['背が猫', 1, 1, -500, 'noun,user']]);
  const tagger = createTagger(await loadDictionary(directory));
  assert.equal(printed(tagger, Buffer.from('猫背が猫')).toString(), '猫\tnoun,cat\n背が猫\tnoun,user\nEOS\n');
  assert.equal(tagger.featureId(1), smallDictionary.words.length);
});

test('dicrc may say which user dictionaries there are, and in which order', async () => {
  const cases = [
    ['bos-feature = B', 'a'],
    ['userdic = b.dic , a.dic', 'b'],
    ['userdic = b.dic', 'b'],
    ['userdic =', 'system'],
  ] as const;
  for (const [dicrc, expected] of cases) {
    const directory = await written({ dicrc, words: [['猫', 1, 1, 100, 'system']] });
    for (const name of ['a', 'b']) {
      await writeUserDictionary(join(directory, `${name}.dic`), smallDictionary.ids, [['猫', 1, 1, -100, name]]);
    }
    const tagger = createTagger(await loadDictionary(directory));
    assert.equal(printed(tagger, Buffer.from('猫')).toString(), `猫\t${expected}\nEOS\n`, dicrc);
  }
});

test('a user dictionary that lies elsewhere, or is missing, is refused', async () => {
  const elsewhere = await written({ dicrc: 'userdic = /usr/lib/user.dic' });
  assert.match(await refusal(elsewhere), /^dicrc: its userdic \/usr\/lib\/user.dic lies elsewhere: copy it beside/);
  assert.equal(await refusal(await written({ dicrc: 'userdic = none.dic' })), 'none.dic: no such file');
});

test('unk-feature of dicrc takes the place of the features of unknown words', async () => {
  const directory = await written({ dicrc: '; comment\nbos-feature = BOS\nunk-feature = ??,* \n' });
  const tagger = createTagger(await loadDictionary(directory));
  assert.equal(printed(tagger, Buffer.from('犬が')).toString(), '犬\t??,*\nが\tparticle,ga\nEOS\n');
});

test('max-grouping-size of dicrc bounds unknown words that are groups', async () => {
  const line = Buffer.from('ののののの');
  const tagger = async (dicrc: string) => createTagger(await loadDictionary(await written({ dicrc })));
  assert.equal((await tagger('bos-feature = B')).parse(line, 0, line.length), 1);
  assert.ok((await tagger('bos-feature = B\nmax-grouping-size = 3')).parse(line, 0, line.length) > 1);
});

test('a missing or truncated file is refused by name', async () => {
  for (const name of ['sys.dic', 'unk.dic', 'matrix.bin', 'char.bin', 'dicrc']) {
    const directory = await written();
    if (name !== 'dicrc') {
      const { length } = await readFile(join(directory, name));
      for (const size of [length - 1, length >> 1, 60, 3, 0]) {
        await truncate(join(directory, name), size);
        assert.match(await refusal(directory), new RegExp(`^${name}: `));
      }
    }
    await rm(join(directory, name));
    assert.equal(await refusal(directory), `${name}: no such file`);
  }
});

test('a dictionary in another charset is refused', async () => {
  assert.match(await refusal(await written({ charset: 'euc-jp' })), /^sys.dic: its charset is euc-jp/);
});

test('a dictionary of the wrong kind is refused', async () => {
  const directory = await written();
  const system = join(directory, 'sys.dic');
  const copy = join(directory, 'copy.dic');
  await writeFile(copy, await readFile(system));
  assert.match(await refusal(directory), /^copy.dic: not a user dictionary \(it is of type system\); compile it with/);
  await rm(copy);
  await writeFile(system, await readFile(join(directory, 'unk.dic')));
  assert.match(await refusal(directory), /^sys.dic: not a system dictionary/);
});

test('a dictionary compiled for other connections is refused', async () => {
  const directory = await written();
  const other = await written({ ids: 5 });
  await writeFile(join(directory, 'matrix.bin'), await readFile(join(other, 'matrix.bin')));
  assert.match(await refusal(directory), /compiled for another dictionary: 4 × 4 connections, matrix.bin 5 × 5/);
});

test('a connection id out of range is refused', async () => {
  assert.match(
    await refusal(await written({ words: [['猫', 4, 1, 1, 'x']] })),
    /^sys.dic: token 0 has a connection id/,
  );
});

test('a category without unknown words is refused', async () => {
  const categories = { ...smallDictionary.categories, GREEK: { words: [] } };
  assert.match(await refusal(await written({ categories })), /^unk.dic: no entry for the category GREEK/);
});

test('whatever bytes are changed, a dictionary is refused or gives tokens that follow each other in the line', async () => {
  const directory = await written();
  const line = Buffer.from('猫背が猫が犬鳥魚 abc アイー\t猫のーa b𠮷がxyz'.repeat(3));
  const files = ['sys.dic', 'unk.dic', 'matrix.bin', 'char.bin', 'dicrc'];
  const original = new Map<string, Buffer>();
  for (const name of files) original.set(name, await readFile(join(directory, name)));
  const change = fc.tuple(fc.constantFrom('any', 'start'), fc.nat(), fc.constantFrom(0, 1, 127, 128, 255, 254));
  const changes = fc.tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 6 }));
  const spoil = async ([name, edits]: [string, [string, number, number][]]): Promise<void> => {
    const bytes = Buffer.from(original.get(name)!);
    for (const [where, at, byte] of edits) bytes[at % (where === 'any' ? bytes.length : 400)] = byte;
    await writeFile(join(directory, name), bytes);
    try {
      const tagger = createTagger(await loadDictionary(directory));
      const count = tagger.parse(line, 0, line.length);
      let end = 0;
      for (let i = 0; i < count; i++) {
        assert.ok(tagger.starts[i]! >= end && tagger.ends[i]! > tagger.starts[i]!);
        end = tagger.ends[i]!;
        assert.equal(typeof tagger.feature(i), 'string');
      }
      assert.ok(end <= line.length);
    } catch (error) {
      if (!(error instanceof DictionaryError)) throw error;
    } finally {
      await writeFile(join(directory, name), original.get(name)!);
    }
  };
  await fc.assert(fc.asyncProperty(changes, spoil), { numRuns: 300 });
});

test('without features the same words are found, and who asks for features is told', async () => {
  const directory = await written();
  const tagger = createTagger(await loadDictionary(directory, { features: false }));
  assert.deepEqual(tokenizeText(tagger, '猫背が猫が'), ['猫背', 'が', '猫', 'が']);
  assert.throws(() => tagger.feature(0), /sys\.dic was read without its features/);
  for (const size of [60, 80]) {
    await truncate(join(directory, 'sys.dic'), size);
    await assert.rejects(loadDictionary(directory, { features: false }), { name: 'DictionaryError' });
  }
});
