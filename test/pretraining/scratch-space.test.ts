import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { corpusBuilder, documentEnd } from '../../src/pretraining/corpus/tokenized-corpus.ts';
import { slotWords } from '../../src/pretraining/instances/instance-slots.ts';
import { makeInstances, noInstances } from '../../src/pretraining/instances/make-instances.ts';
import {
  checkScratchSpace,
  corpusScratchBytes,
  expectedScratchBytes,
} from '../../src/pretraining/instances/scratch-space.ts';
import { type InstanceOptions, maxMasksOf } from '../../src/pretraining/options.ts';
import { pretrainingVocabulary } from '../../src/pretraining/pretraining-vocabulary.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';
import { vocabularyOf } from '../../src/wordpiece/vocabulary.ts';
import { Workspace } from '../e2e/rig.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { fixturePath } from '../fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-scratch-'));
after(() => rmSync(folder, { recursive: true }));

const usual: InstanceOptions = {
  maxSeqLength: 128,
  maxPredictionsPerSeq: 19,
  maskedLmProb: 0.15,
  dupeFactor: 3,
  shortSeqProb: 0.1,
  randomSeed: 1,
  doWholeWordMask: false,
};

test('what is asked of the disk is more than instances take, and not out of all proportion', () => {
  const lines = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'];
  const vocabulary = pretrainingVocabulary('vocab.txt', vocabularyOf(lines), false);
  const random = cpythonRandom(1);
  const builder = corpusBuilder(lines.length, 0);
  for (let document = 0; document < 300; document++) {
    const sentences = Uint32Array.from({ length: random.randint(1, 60) }, () => random.randint(1, 60));
    const tokens = sentences.reduce((sum, length) => sum + length, 0);
    const continues = new Uint8Array(Math.ceil(tokens / 8));
    builder.add({ ids: new Uint16Array(tokens).fill(5), continues, sentences });
    builder.add({ ids: new Uint16Array(0), continues: new Uint8Array(0), sentences: Uint32Array.of(documentEnd) });
  }
  const corpus = builder.finish();
  for (const change of [{}, { shortSeqProb: 1 }, { shortSeqProb: 0 }, { maxSeqLength: 512 }, { maxSeqLength: 5 }]) {
    const options = { ...usual, ...change };
    const counts = noInstances(options);
    for (const _ of makeInstances(corpus, vocabulary, options, cpythonRandom(1), counts));
    const taken = 2 * 4 * slotWords(maxMasksOf(options)) * counts.instances;
    const asked = corpusScratchBytes(corpus, options);
    assert.ok(taken <= asked && asked < 4 * taken, `${JSON.stringify(change)}: ${taken} taken, ${asked} asked`);
  }
});

test('an archive is taken for more text than its size', async () => {
  const text = Buffer.alloc(100_000, 'あいう\n');
  const [plain, archive] = ['plain', 'archive'].map((name) => join(folder, name)) as [string, string];
  writeFileSync(plain, gzipSync(text).fill(0x61, 0, 2));
  writeFileSync(archive, gzipSync(text));
  assert.equal(
    await expectedScratchBytes([archive], 'wordpiece', usual),
    await expectedScratchBytes([plain, plain, plain, plain], 'wordpiece', usual),
  );
});

test('a disk without room is refused with what is missing and what to do', async () => {
  await assert.rejects(checkScratchSpace(folder, 2 ** 60), {
    name: 'PretrainingError',
    message:
      /kumiki-scratch-.*: shuffling the instances takes about 1073741824\.00 GiB .* Make room, lower dupe_factor/,
  });
  await checkScratchSpace(folder, 1);
});

test('a plan announces the temporary files of what would run', async () => {
  const inputs = {
    corpus: fixturePath('pretraining/corpus.txt'),
    vocab: fixturePath('pretraining/vocab.txt'),
    dictionary: await embeddedIpadic(),
  };
  await using workspace = new Workspace({
    'workflow.yaml': { stages: { data: { uses: 'pretraining-data', inputs } } },
  });
  const { stdout } = await workspace.kumiki(['plan']);
  assert.match(stdout, /data +1 +[\d.]+s +[\d.]+s +\d+ MiB +[\d.]+ [KM]iB +[\d.]+ [KM]iB\n/);
  const { stages } = JSON.parse((await workspace.kumiki(['plan', '--json'])).stdout);
  assert.equal(
    stages[0].cost.scratch,
    await expectedScratchBytes([inputs.corpus], 'wordpiece', { ...usual, dupeFactor: 10, maxPredictionsPerSeq: 20 }),
  );
});
