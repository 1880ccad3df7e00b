import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { extractEmbeddedIpadic } from '../../src/mecab/index.ts';
import { readRecords } from '../../src/tensorflow/tfrecord.ts';
import { fixturePath } from '../fixtures.ts';
import { cases } from './cases.ts';
import { type DataInputs, makeData, recordsDigest } from './make-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-pretraining-data-'));
const dictionary = join(folder, 'ipadic');
const fixture = (name: string) => fixturePath(`pretraining/${name}`);
const inputs: DataInputs = { corpus: [fixture('corpus.txt')], vocab: fixture('vocab.txt'), dictionary };
const digests = JSON.parse(readFileSync(fixture('digests.json'), 'utf8')) as Record<string, string>;

before(() => extractEmbeddedIpadic(dictionary));
after(() => rmSync(folder, { recursive: true }));

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

for (const { name, vocab, params } of cases) {
  test(`records are the original's, byte for byte: ${name}`, async () => {
    const { records, scratch } = await makeData(folder, { ...inputs, vocab: fixture(vocab) }, params);
    assert.equal(recordsDigest(records), digests[name]);
    assert.deepEqual(scratch, []);
  });
}

test('a compressed file holds the same records, the same bytes on any number of threads', async () => {
  const plain = await makeData(folder, inputs, { dupe_factor: 200, threads: 1 });
  const one = await makeData(folder, inputs, { dupe_factor: 200, gzip_compress: true, threads: 1 });
  const three = await makeData(folder, inputs, { dupe_factor: 200, gzip_compress: true, threads: 3 });
  assert.equal(recordsDigest(one.records), recordsDigest(plain.records));
  assert.ok(readFileSync(one.records).equals(readFileSync(three.records)));
  assert.deepEqual(one.stats, plain.stats);
});

test('a document goes on in the next file, compressed or not', async () => {
  const text = readFileSync(fixture('corpus.txt'));
  const cut = text.indexOf('\n', 1000) + 1;
  const first = written('first.txt', text.subarray(0, cut - 1));
  const second = written('second.txt.gz', gzipSync(text.subarray(cut)));
  const { records } = await makeData(folder, { ...inputs, corpus: [first, second] }, {});
  assert.equal(recordsDigest(records), digests.defaults);
});

test('carriage returns and undecodable bytes are left out wherever they stand, as the original reads', async () => {
  const text = readFileSync(fixture('corpus.txt'));
  const bytes = [...text].flatMap((byte, i) =>
    i % 7 === 0 ? [0x0d, byte] : i % 31 === 0 && byte < 0x80 ? [0xff, byte] : [byte],
  );
  const corpus = [written('carriage-returns.txt', Uint8Array.from([...bytes, 0x0d]))];
  const { records } = await makeData(folder, { ...inputs, corpus }, {});
  assert.equal(recordsDigest(records), digests.defaults);
});

test('statistics count what is in the file', async () => {
  const { records, stats, log } = await makeData(folder, inputs, { use_v2_feature_names: true });
  let count = 0;
  for await (const _ of readRecords(records)) count++;
  assert.equal(stats.instances, count);
  const lengths = stats.lengths as { instances: number }[];
  assert.equal(
    lengths.reduce((sum, { instances }) => sum + instances, 0),
    count,
  );
  assert.equal(stats.documents, 10);
  assert.ok(log.some((line) => /^instances +\d+/.test(line)));
  assert.equal(log.filter((line) => line.startsWith('instance ')).length, 20);
});

test('what cannot be used is refused with the reason and what to do', async () => {
  const fails = (change: Partial<DataInputs>, params: Record<string, unknown>, message: RegExp) =>
    assert.rejects(makeData(folder, { ...inputs, ...change }, params), { name: 'StageError', message });
  await fails(
    { corpus: [written('blank.txt', '\n \u3000\n')] },
    {},
    /blank\.txt: no text there\. Give one sentence a line/,
  );
  await fails({ corpus: [join(folder, 'absent.txt')] }, {}, /absent\.txt/);
  await fails({ vocab: written('bare.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\nの\n') }, {}, /bare\.txt: no line \[MASK\]/);
  await fails({ vocab: written('empty.txt', '') }, {}, /empty\.txt/);
  await fails({ dictionary: join(folder, 'none') }, {}, /none/);
  await fails({}, { max_seq_length: 4, max_predictions_per_seq: 2 }, /max_seq_length 4: at least 5/);
  await fails({}, { max_seq_length: 16 }, /max_predictions_per_seq 20 is more than max_seq_length 16/);
});

test('a stage that is told to stop stops', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(makeData(folder, inputs, {}, { signal }), /enough/);
});

test('a full disk is reported with the file that did not fit', { skip: !existsSync('/dev/full') }, async () => {
  for (const name of ['instances', 'shuffled', 'records']) {
    const prepare = (scratch: string, records: string) =>
      symlinkSync('/dev/full', name === 'records' ? records : join(scratch, name));
    const message = new RegExp(`${name}: the disk is full\\. Make room and run again\\.`);
    await assert.rejects(makeData(folder, inputs, {}, { prepare }), { name: 'StageError', message });
  }
});
