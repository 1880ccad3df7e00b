import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Dataset, Group } from 'h5wasm/node';
import { parse, stringify } from 'yaml';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { modelWeights } from '../../src/huggingface/convert/model-weights.ts';
import { openModel, readVariable } from '../../src/huggingface/open-model.ts';
import { openHdf5 } from '../../src/huggingface/weights/hdf5/library.ts';
import { readTensorflow } from '../../src/huggingface/weights/hdf5/read-tensorflow.ts';
import { readFlax } from '../../src/huggingface/weights/msgpack/read-flax.ts';
import { readPytorch } from '../../src/huggingface/weights/pytorch/read-pytorch.ts';
import { readSafetensors } from '../../src/huggingface/weights/safetensors/read-safetensors.ts';
import type { MadeResult } from '../../src/stage/index.ts';
import convert from '../../stages/convert.ts';
import { goldenModel } from '../huggingface/golden-model.ts';
import {
  bertConfigOf,
  randomModel,
  saveRandomCheckpoint,
  smallArchitecture,
  temporaryFolder,
  tokenizerConfigs,
  vocabulary,
} from '../huggingface/random-model.ts';
import { sharedPath } from '../shared.ts';
import { runStage } from './run-stage.ts';

const readers = {
  'model.safetensors': readSafetensors,
  'pytorch_model.bin': readPytorch,
  'tf_model.h5': readTensorflow,
  'flax_model.msgpack': readFlax,
};

test('every format alone gives back the weights of the checkpoint', async (t) => {
  for (const format of ['safetensors', 'pytorch', 'tensorflow', 'flax'] as const) {
    const { model: directory, checkpoint: prefix } = await randomModel(t, { formats: [format] });
    assert.equal(readdirSync(directory).filter((name) => /model\.(?!json)/.test(name)).length, 1);
    const model = await openModel(directory);
    const checkpoint = openCheckpoint(prefix);
    for (const { name, variable } of modelWeights(smallArchitecture)) {
      assert.deepEqual(readVariable(model, variable), checkpoint.weight(variable), `${name} from ${format}`);
    }
    checkpoint.close();
    model.close();
  }
});

test('the same inputs give the same bytes, whenever and wherever', async (t) => {
  const { model } = await randomModel(t);
  const digests = readdirSync(model)
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(model, name)))
          .digest('hex')
          .slice(0, 16)}`,
    );
  assert.deepEqual(digests, [
    'README.md bc3dce76a70902b7',
    'config.json ef13476066a2da93',
    'flax_model.msgpack 03385ea36242add7',
    'model.safetensors c4f12dfe3b375ba5',
    'pytorch_model.bin d1be00be3377f428',
    'special_tokens_map.json 6ccb00864835bcd4',
    'tf_model.h5 48311056ce4bb05e',
    'tokenizer_config.json d40f1e84b9a179a9',
    'vocab.txt b9123f0db39f2704',
  ]);
});

const golden = sharedPath('golden/model-garden');

test("every format holds what the original's converter wrote, bit for bit", { skip: !golden }, async (t) => {
  const model = await goldenModel(t);
  for (const [name, read] of Object.entries(readers)) {
    const [ours, theirs] = [await read(join(model, name)), await read(join(golden!, 'hf', name))];
    assert.deepEqual([...ours.tensors].sort(), [...theirs.tensors].sort(), name);
    for (const tensor of theirs.tensors.keys()) {
      assert.ok(ours.read(tensor).equals(theirs.read(tensor)), `${tensor} in ${name}`);
    }
    ours.close();
    theirs.close();
  }
  for (const name of ['model.safetensors', 'flax_model.msgpack']) {
    assert.ok(readFileSync(join(model, name)).equals(readFileSync(join(golden!, 'hf', name))), `${name} byte for byte`);
  }
});

test('tf_model.h5 has the groups, data sets and attributes of the original', { skip: !golden }, async (t) => {
  const model = await goldenModel(t);
  const [ours, theirs] = [
    await contentOf(join(model, 'tf_model.h5')),
    await contentOf(join(golden!, 'hf/tf_model.h5')),
  ];
  assert.deepEqual(ours, theirs);
  assert.equal(ours.size, 109);
});

/** Of every object its attributes, and of a data set its type, shape and bytes. */
async function contentOf(path: string): Promise<Map<string, unknown>> {
  const { root, close } = await openHdf5(path, 'r');
  const content = new Map<string, unknown>();
  const visit = (object: Group | Dataset): void => {
    const attributes = Object.entries(object.attrs).map(([name, { value }]) => [name, value]);
    if (object instanceof Group) {
      content.set(object.path, attributes);
      for (const name of object.keys()) visit(object.get(name) as Group | Dataset);
    } else {
      content.set(object.path, [attributes, object.dtype, object.shape, object.value]);
    }
  };
  visit(root);
  close();
  return content;
}

for (const size of ['base', 'large']) {
  for (const tokens of ['wordpiece', 'character']) {
    const skip = sharedPath('reference') === undefined;
    test(`the configurations of ${size} ${tokens} are the published ones, byte for byte`, { skip }, async (t) => {
      const reference = sharedPath(`reference/bert-japanese/hf_model_configs/bert_${size}_${tokens}`)!;
      const published = JSON.parse(readFileSync(join(reference, 'config.json'), 'utf8'));
      // The width decides the size of the files, and nothing in the configuration but itself.
      const architecture = {
        ...smallArchitecture,
        layers: published.num_hidden_layers,
        vocabSize: published.vocab_size,
        heads: published.num_attention_heads,
        hiddenSize: published.num_attention_heads,
        maxPositions: 512,
      };
      const folder = temporaryFolder(t);
      const checkpoint = saveRandomCheckpoint(folder, architecture);
      const configs = join(import.meta.dirname, '../../../configs');
      const yaml = readFileSync(join(configs, `model/bert_${size}_${tokens}.yaml`), 'utf8');
      const narrow = yaml
        .replace(/hidden_size: \d+/, `hidden_size: ${architecture.hiddenSize}`)
        .replace(/intermediate_size: \d+/, 'intermediate_size: 20');
      writeFileSync(join(folder, 'model.yaml'), narrow);
      const { outputs } = await runStage(t, convert, {
        with: { formats: ['safetensors'] },
        inputs: {
          checkpoint,
          model: join(folder, 'model.yaml'),
          vocab: vocabulary,
          tokenizer_config: join(tokenizerConfigs, `${tokens}.yaml`),
        },
      });
      const config = readFileSync(join(outputs.model, 'config.json'), 'utf8');
      assert.equal(
        config
          .replace(`"hidden_size": ${architecture.hiddenSize}`, `"hidden_size": ${published.hidden_size}`)
          .replace('"intermediate_size": 20', `"intermediate_size": ${published.intermediate_size}`),
        readFileSync(join(reference, 'config.json'), 'utf8'),
      );
      assert.equal(
        readFileSync(join(outputs.model, 'tokenizer_config.json'), 'utf8'),
        readFileSync(join(reference, 'tokenizer_config.json'), 'utf8'),
      );
    });
  }
}

test('gelu_new is the exact activation of Model Garden', async (t) => {
  const { model } = await randomModel(t, { hidden_act: 'gelu_new', formats: ['safetensors'] });
  const opened = await openModel(model);
  assert.equal(opened.config.gelu, 'tanh');
  opened.close();
});

test('a vocabulary that is shorter than the model, or repeats tokens, is warned of', async (t) => {
  const folder = temporaryFolder(t);
  const vocab = join(folder, 'vocab.txt');
  const model = join(folder, 'bert.json');
  writeFileSync(vocab, '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nx\nx\n');
  writeFileSync(model, JSON.stringify(bertConfigOf(smallArchitecture)));
  const { warnings } = await runStage(t, convert, {
    with: { formats: ['safetensors'] },
    inputs: {
      checkpoint: saveRandomCheckpoint(folder, smallArchitecture),
      model,
      vocab,
      tokenizer_config: join(tokenizerConfigs, 'wordpiece.yaml'),
    },
  });
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /vocab\.txt has 7 tokens, the model 345: the others can never be predicted as text/);
  assert.match(warnings[1]!, /vocab\.txt repeats 1 tokens: of each only the last line counts/);
});

test('what does not fit together is refused with the remedy, and nothing is left half-written', async (t) => {
  const folder = temporaryFolder(t);
  const checkpoint = saveRandomCheckpoint(join(folder, 'model_dir'), smallArchitecture);
  const inputs = {
    checkpoint,
    model: join(folder, 'bert.json'),
    vocab: vocabulary,
    tokenizer_config: join(tokenizerConfigs, 'wordpiece.yaml'),
  };
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  write('bert.json', JSON.stringify(bertConfigOf(smallArchitecture)));
  const refused = async (change: Partial<typeof inputs>, message: RegExp): Promise<void> => {
    await assert.rejects(runStage(t, convert, { with: {}, inputs: { ...inputs, ...change } }), (error: Error) => {
      assert.equal(error.name, 'StageError', String(error.stack));
      assert.match(error.message, message);
      return true;
    });
  };
  const other = (change: object) =>
    write('other.json', JSON.stringify({ ...bertConfigOf(smallArchitecture), ...change }));
  await refused(
    { model: other({ num_hidden_layers: 12 }) },
    /ckpt-7 lacks 16 of the model's 206 variables, e\.g\. encoder/,
  );
  await refused(
    { model: other({ num_hidden_layers: 10 }) },
    /ckpt-7 has more layers than the model's 10, e\.g\. encoder/,
  );
  await refused({ model: other({ intermediate_size: 24 }) }, /has shape \[12,20\] where the model has \[12,24\]/);
  await refused(
    { model: other({ hidden_size: 13 }) },
    /other\.json cannot be used:\n {2}hidden_size: must be a multiple/,
  );
  await refused({ model: other({ hidden_act: 'relu' }) }, /hidden_act: gelu and gelu_new are supported/);
  await refused({ model: write('text.yaml', 'BERT') }, /neither a Model Garden configuration nor a BERT config\.json/);
  await refused({ model: write('broken.yaml', 'a: [1') }, /broken\.yaml: /);
  await refused(
    { vocab: write('long.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n'.concat('x\n'.repeat(400))) },
    /has 405 tokens, the model only 345/,
  );
  await refused(
    { vocab: write('plain.txt', 'a\nb\n') },
    /plain\.txt has no \[CLS\], \[MASK\], \[PAD\], \[SEP\], \[UNK\]/,
  );
  await refused(
    {
      tokenizer_config: write(
        'bert.yaml',
        stringify({ tokenizer_class: 'BertTokenizer', word_tokenizer_type: 'basic' }),
      ),
    },
    /bert\.yaml cannot be used:\n {2}tokenizer_class: .*\n {2}word_tokenizer_type: mecab is supported/,
  );
  const dictionary = (mecab_dic: unknown) =>
    write('dictionary.json', JSON.stringify({ word_tokenizer_type: 'mecab', mecab_kwargs: { mecab_dic } }));
  for (const name of ['unidic-lite', 'x`\n# A heading', null]) {
    await refused(
      { tokenizer_config: dictionary(name) },
      /mecab_kwargs\.mecab_dic: transformers knows ipadic, unidic_lite, unidic/,
    );
  }
  await refused(
    { checkpoint: join(folder, 'nowhere') },
    /There is no checkpoint .*nowhere: give a model directory, or a prefix: .* such as MODEL_DIR\/ckpt-1000/,
  );
  truncateSync(`${checkpoint}.data-00000-of-00001`, 50_000);
  await refused({}, /is truncated: tensor /);
  rmSync(`${checkpoint}.data-00000-of-00001`);
  await refused({}, /is missing: the checkpoint's index names it/);
});

test('a published card shows the best runs by the metrics that their tasks are published with', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'README.md'), '# BERT\n');
  const made = (stage: string, outputs: MadeResult['outputs']): MadeResult => ({
    instance: stage,
    stage,
    parameters: {},
    outputs,
    seconds: 1,
    version: '0',
    commit: undefined,
  });
  // As `jglue` writes them: the loss stands first, and a correlation with a constant is null.
  const run = (task: string, epochs: number, dev: object): MadeResult => {
    const path = join(folder, `${task}-${epochs}.json`);
    writeFileSync(path, JSON.stringify({ task, learning_rate: 5e-5, epochs, dev: { examples: 9, ...dev } }));
    return made('jglue', { metrics: { path, digest: 'sha256:0' } });
  };
  const { 'README.md': card = '' } = await convert.completeCopy!({
    output: 'model',
    directory: folder,
    made: [made('convert', {})],
    uses: [
      run('jnli', 3, { loss: 0.9, accuracy: 0.3 }),
      run('jnli', 4, { loss: 0.2, accuracy: 0.8 }),
      run('jsts', 3, { loss: 2, pearson: null, spearmanr: null, combined_score: null }),
      run('marc_ja', 3, { loss: 0.1, accuracy: 0.9 }),
      made('jglue', { metrics: { path: join(folder, 'gone.json'), digest: 'sha256:0' } }),
    ],
    provenance: {},
  });
  const [, yaml = ''] = /^---\n([\s\S]*?)---\n/.exec(card) ?? [];
  const { metrics, 'model-index': index } = parse(yaml);
  assert.deepEqual(metrics, ['accuracy']);
  assert.deepEqual(
    index[0].results.map(({ metrics }: { metrics: unknown }) => metrics),
    [[{ type: 'accuracy', value: 0.9 }], [{ type: 'accuracy', value: 0.8 }]],
    "in JGLUE's order",
  );
  assert.match(card, /\| JNLI \| accuracy 0\.800 \| 5e-5 \| 4 \|/);
});
