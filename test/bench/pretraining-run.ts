/**
 * A whole pretraining in small, on real text beside the checkout: corpora, vocabulary, records, CC-100, then Wikipedia from its weights, by one
 * workflow. What is told at the end: the masked-LM loss, on text that was not trained on, beside the entropy of the masked tokens, which is
 * what a model that knows only how frequent each token is could reach. KUMIKI_RUN_FOLDER keeps the workspace.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readTrainingLog } from '../../src/bert/training/training-log.ts';
import { readBatches } from '../../src/pretraining/records/read-batches.ts';
import { sharedPath } from '../shared.ts';

const [vocabSize, steps, batchSize, seqLength, predictions] = [4000, 2000, 32, 64, 10];

const data = {
  global_batch_size: batchSize,
  seq_length: seqLength,
  max_predictions_per_seq: predictions,
  use_v2_feature_names: true,
};

const records = {
  uses: 'pretraining-data',
  matrix: { shard: '${{ range(1, 8) }}' },
  with: {
    max_seq_length: seqLength,
    max_predictions_per_seq: predictions,
    dupe_factor: 2,
    use_v2_feature_names: true,
    gzip_compress: true,
  },
};
const recordInputs = (corpus: string) => ({
  corpus: `\${{ stages.${corpus}.outputs.shards }}/corpus_\${{ pad(matrix.shard, 2) }}.txt`,
  vocab: '${{ stages.vocabulary.outputs.vocab }}',
  dictionary: '${{ stages.dictionary.outputs.dictionary }}',
});
const training = (name: string) => ({
  uses: 'pretrain',
  inputs: {
    records: `\${{ stages.${name}-train.outputs.records }}`,
    validation: `\${{ stages.${name}-validation.outputs.records }}`,
    data: 'data.yaml',
    model: 'model.yaml',
  },
  with: {
    params_override: `trainer.optimizer_config.warmup.polynomial.warmup_steps=200,trainer.validation_interval=250`,
  },
});
const parts = (name: string) => ({
  [`${name}-train`]: { ...records, matrix: { shard: '${{ range(1, 7) }}' }, inputs: recordInputs(name) },
  [`${name}-validation`]: { ...records, matrix: { shard: [8] }, inputs: recordInputs(name) },
});

const workflow = (corpora: { cc100: string; wikipedia: string }) => ({
  name: 'pretraining-run',
  stages: {
    dictionary: { uses: 'dictionary', with: { package: 'npm:mecab-wasm' } },
    pages: {
      uses: 'wikipedia-corpus',
      inputs: { dump: corpora.wikipedia, dictionary: '${{ stages.dictionary.outputs.dictionary }}' },
      with: { min_sentence_length: 10, max_sentence_length: 200 },
    },
    cc100: { uses: 'split-corpus', inputs: { texts: [corpora.cc100] }, with: { num_files: 8 } },
    wikipedia: {
      uses: 'split-corpus',
      inputs: { texts: ['${{ stages.pages.outputs.corpus }}'] },
      with: { num_files: 8 },
    },
    vocabulary: {
      uses: 'train-tokenizer',
      inputs: {
        texts: ['${{ stages.cc100.outputs.shards }}', '${{ stages.wikipedia.outputs.shards }}'],
        dictionary: '${{ stages.dictionary.outputs.dictionary }}',
      },
      with: { pre_tokenizer_type: 'mecab', vocab_size: vocabSize, limit_alphabet: 2000 },
    },
    ...parts('cc100'),
    ...parts('wikipedia'),
    first: training('cc100'),
    second: {
      ...training('wikipedia'),
      inputs: { ...training('wikipedia').inputs, init_checkpoint: '${{ stages.first.outputs.checkpoint }}' },
    },
  },
});

/** Of what is to be predicted, in nats: the loss of a model that knows each token's frequency and no context. */
async function maskedEntropy(files: readonly string[]): Promise<number> {
  const counts = new Map<number, number>();
  let total = 0;
  for await (const { maskedIds, maskedWeights } of readBatches(files, {
    batchSize: 256,
    shuffleBuffer: 0,
    seed: 0,
    epochs: 1,
  })) {
    for (const [i, id] of maskedIds.entries()) {
      if (maskedWeights[i] === 0) continue;
      counts.set(id, (counts.get(id) ?? 0) + 1);
      total++;
    }
  }
  return [...counts.values()].reduce((sum, count) => sum - (count / total) * Math.log(count / total), 0);
}

const corpora = { cc100: sharedPath('data/ja.cc100.txt.xz'), wikipedia: sharedPath('data/ja.cirrus.json.gz') };
if (corpora.cc100 === undefined || corpora.wikipedia === undefined) {
  console.log('skipped: the corpora are not beside the checkout');
  process.exit(0);
}
if (!process.env.KUMIKI_BENCH_LONG) {
  console.log('skipped: it takes some ten minutes; KUMIKI_BENCH_LONG=1 runs it');
  process.exit(0);
}
const kept = process.env.KUMIKI_RUN_FOLDER;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'kumiki-pretraining-run-'));
const cli = join(import.meta.dirname, '../../cli/main.js');
const kumiki = (args: readonly string[], stdio: 'inherit' | 'pipe') => {
  const { status, stdout } = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    stdio: ['ignore', stdio, 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`kumiki ${args.join(' ')} ended with ${status}`);
  return stdout ?? '';
};
mkdirSync(join(folder, '.git'), { recursive: true });
cpSync(join(import.meta.dirname, '../../../configs/model/bert_tiny_wordpiece.yaml'), join(folder, 'model.tiny.yaml'));
writeFileSync(join(folder, 'data.yaml'), stringify({ task: { train_data: data, validation_data: data } }));
const model = readFileSync(join(folder, 'model.tiny.yaml'), 'utf8').replace(
  /vocab_size: \d+/,
  `vocab_size: ${vocabSize}`,
);
writeFileSync(join(folder, 'model.yaml'), model.replace(/train_steps: \d+/, `train_steps: ${steps}`));
writeFileSync(
  join(folder, 'workflow.yaml'),
  stringify(workflow({ cc100: corpora.cc100, wikipedia: corpora.wikipedia })),
);
kumiki(['run', 'workflow.yaml'], 'inherit');

for (const [stage, corpus] of [
  ['first', 'cc100'],
  ['second', 'wikipedia'],
] as const) {
  const files = kumiki(['output', `${corpus}-validation.records`], 'pipe')
    .trim()
    .split('\n');
  const entropy = await maskedEntropy(files);
  const lines = readTrainingLog(kumiki(['output', `${stage}.log`], 'pipe').trim());
  console.log(`\n${corpus}: masked tokens have an entropy of ${entropy.toFixed(3)} nats. Validation:`);
  for (const line of lines) {
    const loss = line.validation_lm_example_loss;
    if (loss === undefined) continue;
    const bar = '█'.repeat(Math.round(6 * loss));
    console.log(`  ${String(line.step).padStart(5)}  ${loss.toFixed(3)}  ${bar}${loss < entropy ? '' : '  above'}`);
  }
}
if (kept === undefined) rmSync(folder, { recursive: true, force: true });
