/** What people meet: archives cut short, other encodings, broken lines. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gzipSync } from 'node:zlib';
import characterVocab from '../../stages/character-vocab.ts';
import sampleCorpus from '../../stages/sample-corpus.ts';
import splitCorpus from '../../stages/split-corpus.ts';
import tokenize from '../../stages/tokenize.ts';
import trainTokenizer from '../../stages/train-tokenizer.ts';
import wikipediaCorpus from '../../stages/wikipedia-corpus.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { fixturePath } from '../fixtures.ts';
import { runStage } from './run-stage.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-bad-text-'));
after(() => rmSync(root, { recursive: true, force: true }));

const ipadic = await embeddedIpadic();

function write(name: string, content: string | Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

const page = readFileSync(fixturePath('corpus/pages.cirrus.jsonl'));
const text = Buffer.from('一行目の文。\n二行目の文。\n'.repeat(50_000));
const xz = () => spawnSync('xz', ['-c'], { input: text, maxBuffer: 1 << 26 }).stdout;
const notUtf8 = () => Buffer.concat([text.subarray(0, 38), Buffer.from([0xa4, 0xa2]), text.subarray(38)]);

const badTexts: [string, () => string, RegExp][] = [
  ['a gzip archive cut short', () => write('short.gz', gzipSync(text).subarray(0, -20)), /short\.gz: .*gzip.*byte \d+/],
  ['an xz archive cut short', () => write('short.xz', xz().subarray(0, -20)), /short\.xz: .*xz.*byte \d+/],
  [
    'a gzip archive with a flipped bit',
    () => write('flip.gz', flipped(gzipSync(text), 300)),
    /flip\.gz:.*(gzip|not UTF-8)/,
  ],
  ['an xz archive with a flipped bit', () => write('flip.xz', flipped(xz(), 300)), /flip\.xz: .*xz/],
  ['a page in place of an archive', () => write('page.xz', '<html>'), /page\.xz: not an xz archive, though named like/],
  ['an empty archive', () => write('empty.gz', ''), /empty\.gz: not a gzip archive/],
  [
    'bytes behind a gzip archive',
    () => write('more.gz', Buffer.concat([gzipSync(text), Buffer.from('more')])),
    /more\.gz: .*gzip.*byte \d+/,
  ],
  ['bytes that are not UTF-8', () => write('euc.txt', notUtf8()), /euc\.txt:3: byte 38 is not UTF-8/],
];

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

for (const [name, path, message] of badTexts) {
  test(`split-corpus: ${name}`, async (t) => {
    const run = runStage(t, splitCorpus, { with: { num_files: 2 }, inputs: { texts: [path()] } });
    await assert.rejects(run, { name: 'StageError', message });
  });
  test(`sample-corpus: ${name}`, async (t) => {
    const run = runStage(t, sampleCorpus, { with: { num_lines: 2 }, inputs: { texts: [path()] } });
    await assert.rejects(run, { name: 'StageError', message });
  });
  test(`train-tokenizer: ${name}`, async (t) => {
    const options = { pre_tokenizer_type: 'whitespace', vocab_size: 100 } as const;
    const run = runStage(t, trainTokenizer, { with: options, inputs: { texts: [path()] } });
    await assert.rejects(run, { name: 'StageError', message });
  });
}

const badDumps: [string, () => string, RegExp][] = [
  [
    'a line that is not JSON',
    () => write('bad.json', `${page}\n{"title": "x", "text": "y"\n`),
    /bad\.json:\d+: not JSON/,
  ],
  [
    'a page without text',
    () => write('no-text.json', '{"index":{}}\n{"title":"x"}\n'),
    /no-text\.json:2: a page without "text"/,
  ],
  [
    'a page without title',
    () => write('no-title.json', '{"index":{}}\n\n{"text":"x"}\n'),
    /no-title\.json:2: not JSON/,
  ],
  [
    'a line that is no object',
    () => write('list.json', '{"index":{}}\r[1]\r'),
    /list\.json:2: not a JSON object|a page without/,
  ],
  [
    'an archive cut short',
    () => write('short.json.gz', gzipSync(page).subarray(0, -20)),
    /short\.json\.gz: .*gzip.*byte \d+/,
  ],
  ['bytes that are not UTF-8', () => write('euc.json', notUtf8()), /euc\.json:3: byte 38 is not UTF-8/],
];

for (const [name, dump, message] of badDumps) {
  test(`wikipedia-corpus: ${name}`, async (t) => {
    const run = runStage(t, wikipediaCorpus, { with: {}, inputs: { dump: dump(), dictionary: ipadic } });
    await assert.rejects(run, { name: 'StageError', message });
  });
}

test('sample-corpus: fewer lines than wanted', async (t) => {
  const run = runStage(t, sampleCorpus, {
    with: { num_lines: 3 },
    inputs: { texts: [write('few.txt', 'a\n\nb\n \n')] },
  });
  await assert.rejects(run, { name: 'StageError', message: /3 lines wanted, but the texts have only 2/ });
});

test('character-vocab: fewer lines than wanted', async (t) => {
  const run = runStage(t, characterVocab, { with: { size: 5 }, inputs: { vocab: write('v.txt', '[UNK]\na\n') } });
  await assert.rejects(run, { name: 'StageError', message: /v\.txt has only 2 lines/ });
});

test('tokenize: a vocabulary without [UNK]', async (t) => {
  const inputs = { text: write('t.txt', 'a'), vocab: write('no-unk.txt', 'a\nb\n'), dictionary: ipadic };
  await assert.rejects(runStage(t, tokenize, { with: {}, inputs }), { name: 'StageError', message: /\[UNK\]/ });
});

test('tokenize: a dictionary directory without a dictionary', async (t) => {
  const inputs = { text: write('t.txt', 'a'), vocab: write('v.txt', '[UNK]\n'), dictionary: root };
  await assert.rejects(runStage(t, tokenize, { with: {}, inputs }), { name: 'StageError', message: /sys\.dic/ });
});

test('train-tokenizer: mecab without a dictionary', async (t) => {
  const options = { pre_tokenizer_type: 'mecab', vocab_size: 100 } as const;
  const run = runStage(t, trainTokenizer, { with: options, inputs: { texts: [write('t.txt', 'a')] } });
  await assert.rejects(run, { name: 'StageError', message: /needs the input `dictionary`/ });
});
