import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { htmlText } from '../../src/jglue/data/html-text.ts';
import jglueData from '../../stages/jglue-data.ts';
import { fixturePath } from '../fixtures.ts';
import { runStage } from '../stages/run-stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

/** The demonstration's items lie as in a checkout. */
const demo = join(import.meta.dirname, '../../../workflows/demo/jglue');

function checkout(name: string): string {
  const target = join(folder, name, 'JGLUE-main');
  mkdirSync(target, { recursive: true });
  cpSync(demo, target, { recursive: true });
  return target;
}

const collect = (
  t: TestContext,
  source: string,
  more: { tasks?: ('marc_ja' | 'jnli' | 'jsts')[]; marc_ja?: string } = {},
) =>
  runStage(t, jglueData, {
    with: { ...(more.tasks && { tasks: more.tasks }) },
    inputs: { source, ...(more.marc_ja && { marc_ja: more.marc_ja }) },
  });

test('a checkout and an archive of it give the same files', async (t) => {
  const source = checkout('whole');
  const archive = join(folder, 'archive');
  await create({ file: archive, gzip: true, cwd: join(source, '..') }, ['JGLUE-main']);
  for (const given of [source, archive]) {
    const { outputs, warnings } = await collect(t, given);
    assert.deepEqual(
      warnings.filter((line) => !line.includes('where JGLUE 1.3 has')),
      [],
    );
    for (const task of ['marc_ja', 'jsts', 'jnli', 'jsquad', 'jcommonsenseqa']) {
      const version = task === 'marc_ja' ? '1.2' : '1.3';
      for (const [part, name] of Object.entries({ train: 'train', dev: 'valid' })) {
        const theirs = readFileSync(join(source, `datasets/${task}-v${version}/${name}-v${version}.json`));
        assert.deepEqual(readFileSync(join(outputs.data, task, `${part}.json`)), theirs);
      }
    }
  }
});

test('what is missing is skipped and named; with nothing left it is an error', async (t) => {
  const source = checkout('partial');
  rmSync(join(source, 'datasets/jnli-v1.3/train-v1.3.json'));
  rmSync(join(source, 'datasets/marc_ja-v1.2'), { recursive: true });
  const { outputs, warnings } = await collect(t, source);
  assert.ok(warnings.includes('JNLI is skipped: train-v1.3.json is missing in jnli-v1.3'));
  assert.ok(warnings.some((line) => /^MARC-ja is skipped: JGLUE may not give it out/.test(line)));
  assert.ok(!existsSync(join(outputs.data, 'jnli')) && existsSync(join(outputs.data, 'jsts/dev.json')));
  await assert.rejects(
    collect(t, source, { tasks: ['jnli', 'marc_ja'] }),
    /none of the tasks jnli, marc_ja is whole there/,
  );
});

test('a damaged file is named with its line, a damaged archive as such', async (t) => {
  const source = checkout('damaged');
  const file = join(source, 'datasets/jsts-v1.3/valid-v1.3.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -20));
  await assert.rejects(
    collect(t, source, { tasks: ['jsts'] }),
    new RegExp(`valid-v1\\.3\\.json:${text.trim().split('\n').length}: not a JSON`),
  );
  const archive = join(folder, 'torn.tar.gz');
  await create({ file: archive, gzip: true, cwd: folder }, ['damaged']);
  writeFileSync(archive, readFileSync(archive).subarray(0, 2000));
  await assert.rejects(collect(t, archive), /torn\.tar\.gz: not a whole tar or zip archive/);
});

/** Made by test/fidelity/marc-ja.py with JGLUE's own script. */
const digests = JSON.parse(readFileSync(fixturePath('jglue/marc-ja.json'), 'utf8')) as Record<
  'train' | 'valid',
  { sha256: string }
>;

function checkoutForMarcJa(name: string): string {
  const source = checkout(name);
  rmSync(join(source, 'datasets/marc_ja-v1.2'), { recursive: true });
  cpSync(fixturePath('jglue/marc-ja-lists'), join(source, 'preprocess/marc-ja/data'), { recursive: true });
  return source;
}

test("MARC-ja is made as by JGLUE's script", async (t) => {
  const corpus = join(folder, 'reviews.tsv.gz');
  writeFileSync(corpus, gzipSync(readFileSync(fixturePath('jglue/reviews.tsv'))));
  const { outputs } = await collect(t, checkoutForMarcJa('marc'), { tasks: ['marc_ja'], marc_ja: corpus });
  const digest = (part: string) =>
    createHash('sha256')
      .update(readFileSync(join(outputs.data, 'marc_ja', `${part}.json`)))
      .digest('hex');
  assert.equal(digest('train'), digests.train.sha256);
  assert.equal(digest('dev'), digests.valid.sha256);
});

test('another corpus than MARC-ja’s is refused', async (t) => {
  const source = checkoutForMarcJa('other');
  const corpus = join(folder, 'other.tsv');
  const given = readFileSync(fixturePath('jglue/reviews.tsv'), 'utf8');
  const collectFrom = (text: string) => {
    writeFileSync(corpus, text);
    return collect(t, source, { tasks: ['marc_ja'], marc_ja: corpus });
  };
  await assert.rejects(
    collectFrom(given.slice(given.indexOf('\n') + 1)),
    /other\.tsv:1: column 3 is 'R0000' where 'review_id' is expected/,
  );
  await assert.rejects(
    collectFrom(given.replace('\t1\t0\t0\tN', '\tone\t0\t0\tN')),
    /other\.tsv:\d+: 'one' is no star rating/,
  );
  const cut = given.split('\n').slice(0, 300).join('\n');
  await assert.rejects(collectFrom(cut), /is not the corpus that MARC-ja was made from.*falls into train/);
});

test('HTML becomes the text that Beautiful Soup gives', () => {
  const cases = {
    '良い<br />悪い': '良い悪い',
    '&quot;最高&quot;&hellip;': '"最高"…',
    'a &lt; b &amp; c': 'a < b & c',
    '(>_<) <3': '(>_<) <3',
    '<b>太い</b> <i>斜め</i>': '太い 斜め',
    '<br>  \n <br>': '\n',
    '前<!-- 注 -->後<script>x()</script>': '前後',
    '<良い>': '<良い>',
  };
  for (const [html, expected] of Object.entries(cases)) assert.equal(htmlText(html), expected);
});
