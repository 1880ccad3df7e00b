import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';
import { makeData, recordsDigest } from './make-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-golden-'));
after(() => rmSync(folder, { recursive: true }));

const golden = sharedPath('golden');
const dictionary = golden === undefined ? undefined : unidicLite();
const missing = golden === undefined ? 'reference data absent' : 'unidic-lite absent: set KUMIKI_UNIDIC_LITE';

const wordpiece = { use_v2_feature_names: true, gzip_compress: true, do_whole_word_mask: true };
const character = { ...wordpiece, subword_tokenizer_type: 'character', vocab_has_no_subword_prefix: true };
const short = { max_seq_length: 128, max_predictions_per_seq: 19, dupe_factor: 5 };
const long = { max_seq_length: 512, max_predictions_per_seq: 76, dupe_factor: 30 };
const seed7 = { max_seq_length: 64, max_predictions_per_seq: 10, dupe_factor: 2, random_seed: 7 };

const settings = {
  'wordpiece-128': { ...wordpiece, ...short },
  'wordpiece-512': { ...wordpiece, ...long },
  'character-128': { ...character, ...short },
  'character-512': { ...character, ...long },
  'wordpiece-128-cased': { ...wordpiece, ...short, do_lower_case: false },
  'wordpiece-64-seed7': { ...wordpiece, ...seed7, do_whole_word_mask: false },
};

for (const [name, params] of Object.entries(settings)) {
  test(`the shard's records are the original's: ${name}`, async (t) => {
    if (golden === undefined || dictionary === undefined) return t.skip(missing);
    const vocab = join(golden, 'vocab', name.startsWith('character') ? 'character-7027.txt' : 'wordpiece-32768.txt');
    const { records } = await makeData(folder, { corpus: [join(golden, 'shard.txt')], vocab, dictionary }, params);
    const expected = readFileSync(join(golden, 'tfrecords.txt'), 'utf8')
      .split('\n')
      .find((line) => line.includes(` ${name}.tfrecord.gz `));
    assert.equal(recordsDigest(records), expected?.split(' ')[0]);
  });
}
