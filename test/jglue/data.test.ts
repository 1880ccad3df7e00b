import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { findTasks, type Part } from '../../src/jglue/data/find-tasks.ts';
import { htmlText } from '../../src/jglue/data/html-text.ts';
import { type TaskName, taskNames } from '../../src/jglue/tasks/task.ts';
import jglueData from '../../stages/jglue-data.ts';
import { fixturePath } from '../fixtures.ts';
import { runStage } from '../stages/run-stage.ts';
import { demoCheckout } from './demo-tasks.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-jglue-'));
after(() => rmSync(folder, { recursive: true }));

/** A file of a copied checkout. */
const fileIn = (source: string, task: TaskName, part: Part) => findTasks(source).tasks.get(task)!.files[part]!;

function checkout(name: string): string {
  const target = join(folder, name, 'JGLUE-main');
  mkdirSync(target, { recursive: true });
  cpSync(demoCheckout, target, { recursive: true });
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
    assert.deepEqual(warnings, []);
    for (const task of taskNames) {
      for (const part of ['train', 'dev'] as const) {
        const theirs = readFileSync(fileIn(source, task, part));
        assert.deepEqual(readFileSync(join(outputs.data, task, `${part}.json`)), theirs);
      }
    }
  }
});

test('what is missing is skipped and named; with nothing left it is an error', async (t) => {
  const source = checkout('partial');
  rmSync(fileIn(source, 'jnli', 'train'));
  rmSync(findTasks(source).tasks.get('marc_ja')!.directory, { recursive: true });
  const { outputs, warnings } = await collect(t, source);
  assert.ok(warnings.some((line) => /^JNLI is skipped: train-v[\d.]+\.json is missing in jnli-v[\d.]+$/.test(line)));
  assert.ok(warnings.some((line) => /^MARC-ja is skipped: JGLUE may not give it out/.test(line)));
  assert.ok(!existsSync(join(outputs.data, 'jnli')) && existsSync(join(outputs.data, 'jsts/dev.json')));
  await assert.rejects(
    collect(t, source, { tasks: ['jnli', 'marc_ja'] }),
    /none of the tasks jnli, marc_ja is whole there/,
  );
});

test('a damaged file is named with its line, a damaged archive as such', async (t) => {
  const source = checkout('damaged');
  const file = fileIn(source, 'jsts', 'dev');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.slice(0, -20));
  await assert.rejects(
    collect(t, source, { tasks: ['jsts'] }),
    new RegExp(`valid-v[\\d.]+\\.json:${text.trim().split('\n').length}: not a JSON`),
  );
  const archive = join(folder, 'torn.tar.gz');
  await create({ file: archive, gzip: true, cwd: folder }, ['damaged']);
  writeFileSync(archive, readFileSync(archive).subarray(0, 2000));
  await assert.rejects(collect(t, archive), /torn\.tar\.gz: not a whole tar or zip archive/);
});

test('an archive cannot write outside its folder, nor lead out of it by a link', async (t) => {
  const inside = join(folder, 'hostile/inside');
  const [escaped, linked] = [join(folder, 'hostile/jsts-v1.3'), join(inside, 'jsts-v1.3')];
  for (const directory of [escaped, linked]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(escaped, 'train-v1.3.json'), '{}');
  const archive = join(folder, 'hostile.tar');
  await create({ file: archive, cwd: inside, preservePaths: true }, ['../jsts-v1.3/train-v1.3.json']);
  await assert.rejects(
    collect(t, archive, { tasks: ['jsts'] }),
    /hostile\.tar: not a whole tar or zip archive: .*'\.\.'/,
  );
  symlinkSync('/etc/passwd', join(linked, 'train-v1.3.json'));
  writeFileSync(join(linked, 'valid-v1.3.json'), '{}');
  await create({ file: archive, cwd: inside }, ['jsts-v1.3']);
  await assert.rejects(collect(t, archive, { tasks: ['jsts'] }), /none of the tasks jsts is whole there/);
});

/** Made by test/fidelity/marc-ja.py with JGLUE's own script. */
const digests = JSON.parse(readFileSync(fixturePath('jglue/marc-ja.json'), 'utf8')) as Record<
  'train' | 'valid',
  { sha256: string }
>;

function checkoutForMarcJa(name: string): string {
  const source = checkout(name);
  rmSync(findTasks(source).tasks.get('marc_ja')!.directory, { recursive: true });
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
  const open = `${given.split('\n')[0]}\n"${'あ'.repeat(1_000_001)}`;
  await assert.rejects(
    collectFrom(open),
    /other\.tsv:2: a field of more than 1000000 characters: is a quotation mark not/,
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
