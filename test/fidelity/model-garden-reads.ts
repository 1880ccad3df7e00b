/**
 * Our records as Model Garden's loader and as our own reader give them, run by hand:
 *   KUMIKI_MODEL_GARDEN_PYTHON=…/bin/python node dist/test/fidelity/model-garden-reads.js
 * The interpreter (Python 3.10) needs tf-models-official 2.11.0 and what it depends on.
 */
import { execFileSync } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extractEmbeddedIpadic } from '../../src/mecab/index.ts';
import { type Batch, readBatches } from '../../src/pretraining/records/read-batches.ts';
import { fixturePath } from '../fixtures.ts';
import { makeData } from '../pretraining/make-data.ts';

const python = process.env.KUMIKI_MODEL_GARDEN_PYTHON;
if (python === undefined) throw new Error('set KUMIKI_MODEL_GARDEN_PYTHON');

/** What Model Garden calls the matrices of a batch. */
const matrices: Readonly<Record<string, (batch: Batch) => Int32Array | Float32Array>> = {
  input_word_ids: (batch) => batch.inputWordIds,
  input_mask: (batch) => batch.inputMask,
  input_type_ids: (batch) => batch.inputTypeIds,
  masked_lm_positions: (batch) => batch.maskedPositions,
  masked_lm_ids: (batch) => batch.maskedIds,
  masked_lm_weights: (batch) => batch.maskedWeights,
  next_sentence_labels: (batch) => batch.nextSentenceLabels,
};

async function asWeRead(path: string): Promise<Record<string, unknown>> {
  const digests = new Map<string, Hash>(Object.keys(matrices).map((name) => [name, createHash('sha256')]));
  let instances = 0;
  for await (const batch of readBatches([path], { batchSize: 8, shuffleBuffer: 0, seed: 0, epochs: 1 })) {
    instances += batch.size;
    for (const [name, digest] of digests) digest.update(matrices[name]!(batch));
  }
  return { instances, ...Object.fromEntries([...digests].map(([name, digest]) => [name, digest.digest('hex')])) };
}

function asModelGardenReads(python: string, path: string, tokens: number, masks: number): Record<string, unknown> {
  const script = join(import.meta.dirname, '../../../test/fidelity/model-garden-reads.py');
  const printed = execFileSync(python, [script, path, String(tokens), String(masks)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  return JSON.parse(printed.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;
}

const folder = mkdtempSync(join(tmpdir(), 'kumiki-model-garden-'));
const dictionary = join(folder, 'ipadic');
await extractEmbeddedIpadic(dictionary);
const fixture = (name: string) => fixturePath(`pretraining/${name}`);
const inputs = { corpus: [fixture('corpus.txt')], vocab: fixture('vocab.txt'), dictionary };
for (const [tokens, masks] of [
  [128, 19],
  [512, 76],
] as const) {
  const params = { max_seq_length: tokens, max_predictions_per_seq: masks, use_v2_feature_names: true };
  const { records, stats } = await makeData(folder, inputs, params);
  const ours = await asWeRead(records);
  const theirs = asModelGardenReads(python, records, tokens, masks);
  const names = ['instances', ...Object.keys(matrices)];
  const differing = names.filter((name) => ours[name] !== theirs[name]);
  console.log(
    `${tokens}/${masks}: Model Garden reads ${theirs.instances} of ${stats.instances}; ${differing.length === 0 ? 'all matrices equal' : `differ: ${differing.join(', ')}`}`,
  );
  if (differing.length > 0 || theirs.instances !== stats.instances) process.exitCode = 1;
}
rmSync(folder, { recursive: true });
