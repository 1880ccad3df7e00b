/**
 * The original's command lines, as a plan of ours says them. The mapping: an output is the file that the original
 * writes there; a dictionary is the flag that names it; parameters are flags; the instances of a sharded stage are one
 * command for `xargs`; configurations are the files that have these values.
 */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { Instance, Plan, Source } from '../../src/graph/plan.ts';
import type { Command } from './readme-commands.ts';

/** Configuration files by the original's name for them. */
export type ConfigFiles = Readonly<Record<string, unknown>>;

const corpus = '$WORK_DIR/corpus';
const tokenizers = '$WORK_DIR/tokenizers';

/** Where the original keeps what our stages give. */
const places: Readonly<Record<string, string>> = {
  'cc-100-text.file': '$DATA_DIR/cc-100/ja.txt.xz',
  'wikipedia-dump.file': '$DATA_DIR/wikipedia/cirrussearch/20230102/jawiki-20230102-cirrussearch-content.json.gz',
  'neologd.dictionary': '-r <path to etc/mecabrc> -d <path to lib/mecab/dic/mecab-ipadic-neologd>',
  'cc-100.shards': `${corpus}/cc-100`,
  'wikipedia-text.corpus': `${corpus}/wikipedia/corpus.txt.gz`,
  'wikipedia.shards': `${corpus}/wikipedia`,
  'sample.sample': `${corpus}/wikipedia/corpus_sampled.txt`,
  // The surfaces of the binary dictionary give the alphabet that lex.csv gives.
  'dictionary.dictionary': '$DATA_DIR/unidic-mecab-2.1.2_src/lex.csv',
  'alphabet.alphabet': `${tokenizers}/alphabet/unidic_lite.txt`,
  'wordpiece.vocab': `${tokenizers}/wordpiece_unidic_lite/vocab.txt`,
  'character.vocab': `${tokenizers}/character_unidic_lite/vocab.txt`,
};

export function planCommands(plan: Plan, configs: ConfigFiles): readonly Command[] {
  const of = (stage: string) => plan.instances.filter((instance) => instance.stage === stage);
  const one = (stage: string) => {
    const [instance, ...others] = of(stage);
    assert.ok(instance && others.length === 0, `${stage} is one instance`);
    return instance;
  };
  const view: View = { plan, configs };
  return [
    split(one('cc-100'), view),
    wikipedia(one('wikipedia-text'), view),
    split(one('wikipedia'), view),
    sample(one('sample'), view),
    alphabet(one('alphabet'), view),
    tokenizer(one('wordpiece'), view),
    characters(one('character'), view),
    ...bySubword(of('cc-100-data')).map((shards) => data(shards, 'cc-100', view)),
    ...bySubword(of('wikipedia-data')).map((shards) => data(shards, 'wikipedia', view)),
    ...of('cc-100-training').map((instance) => training(instance, 'cc-100', view)),
    ...of('wikipedia-training').map((instance) => training(instance, 'wikipedia', view)),
    ...of('convert').map((instance) => conversion(instance, view)),
  ];
}

interface View {
  readonly plan: Plan;
  readonly configs: ConfigFiles;
}

function split(instance: Instance, view: View): Command {
  const flags = {
    input_files: path(instance, 'texts', view),
    output_dir: places[`${instance.stage}.shards`]!,
    num_files: text(instance, 'num_files'),
  };
  assert.equal(instance.with.seed, 0, 'random.seed(0) stands in the script');
  return { program: 'merge_split_corpora.py', flags };
}

function wikipedia(instance: Instance, view: View): Command {
  const flags = {
    input_file: path(instance, 'dump', view),
    output_file: places['wikipedia-text.corpus']!,
    min_sentence_length: text(instance, 'min_sentence_length'),
    max_sentence_length: text(instance, 'max_sentence_length'),
    mecab_option: path(instance, 'dictionary', view),
  };
  return { program: 'make_corpus_wiki.py', flags };
}

function sample(instance: Instance, view: View): Command {
  const input = `${path(instance, 'texts', view)}/corpus_*.txt`;
  return { program: 'shuf', flags: { input, lines: text(instance, 'num_lines'), output: places['sample.sample']! } };
}

function alphabet(instance: Instance, view: View): Command {
  const flags = { lex_file: path(instance, 'dictionary', view), output_file: places['alphabet.alphabet']! };
  return { program: 'make_alphabet_from_unidic.py', flags };
}

function tokenizer(instance: Instance, view: View): Command {
  const parameters = ['pre_tokenizer_type', 'vocab_size', 'limit_alphabet', 'num_unused_tokens', 'wordpieces_prefix'];
  const flags = {
    input_files: path(instance, 'texts', view),
    output_dir: places['wordpiece.vocab']!.replace('/vocab.txt', ''),
    mecab_dic_type: dictionaryName(instance, view),
    initial_alphabet_file: path(instance, 'alphabet', view),
    ...Object.fromEntries(parameters.map((name) => [name, text(instance, name)])),
  };
  return { program: 'train_tokenizer.py', flags };
}

function characters(instance: Instance, view: View): Command {
  const flags = {
    lines: text(instance, 'size'),
    input: path(instance, 'vocab', view),
    output: places['character.vocab']!,
  };
  return { program: 'head', flags };
}

function bySubword(instances: readonly Instance[]): (readonly Instance[])[] {
  const subwords = [...new Set(instances.map(({ matrix }) => matrix.subword))];
  return subwords.map((subword) => instances.filter(({ matrix }) => matrix.subword === subword));
}

/** The shards of one tokenization: alike but for the shard. */
function data(shards: readonly Instance[], corpusName: string, view: View): Command {
  const commands = shards.map((instance, i) => {
    const shard = String(i + 1).padStart(2, '0');
    assert.equal(instance.matrix.shard, i + 1);
    const input = path(instance, 'corpus', view);
    assert.ok(input.endsWith(`/corpus_${shard}.txt`), input);
    return dataFlags(instance, input.replace(`_${shard}.txt`, '_{}.txt'), corpusName, view);
  });
  for (const flags of commands) assert.deepEqual(flags, commands[0]);
  return { program: 'create_pretraining_data.py', flags: commands[0]!, shards: shards.length };
}

function dataFlags(instance: Instance, input: string, corpusName: string, view: View): Command['flags'] {
  const { matrix, with: given } = instance;
  const values = [
    'subword_tokenizer_type',
    'max_seq_length',
    'max_predictions_per_seq',
    'masked_lm_prob',
    'dupe_factor',
  ];
  const switches = ['vocab_has_no_subword_prefix', 'do_whole_word_mask', 'gzip_compress', 'use_v2_feature_names'];
  // What the original's commands leave to its defaults.
  assert.deepEqual(
    { lower: given.do_lower_case, short: given.short_seq_prob, seed: given.random_seed },
    { lower: true, short: 0.1, seed: 12345 },
  );
  return {
    input_file: input,
    output_file: `$WORK_DIR/pretraining_data/${matrix.subword}_unidic_lite/${corpusName}/pretraining_data_{}.tfrecord.gz`,
    vocab_file: path(instance, 'vocab', view),
    word_tokenizer_type: 'mecab',
    mecab_dic_type: dictionaryName(instance, view),
    ...Object.fromEntries(values.map((name) => [name, text(instance, name)])),
    ...Object.fromEntries(switches.filter((name) => given[name] === true).map((name) => [name, true as const])),
  };
}

function training(instance: Instance, corpusName: string, view: View): Command {
  const { matrix, with: given } = instance;
  assert.deepEqual(
    [given.replicas, given.params_override, given.steps, given.batch_size],
    [8, '', undefined, undefined],
  );
  const folder = (phase: string) => `$MODEL_DIR/bert_${matrix.size}/training/${phase}`;
  const records = (input: string) => {
    const shards = sources(instance, input).map((source) => producer(source, view));
    const expected = view.plan.instances.filter(
      ({ stage, matrix: of }) => stage === `${corpusName}-data` && of.subword === matrix.subword,
    );
    assert.deepEqual(
      shards.map(({ id }) => id),
      expected.map(({ id }) => id),
    );
    return `$DATA_DIR/${corpusName}/pretraining_data_*.tfrecord`;
  };
  const before = sourcesIfAny(instance, 'init_checkpoint').map((source) => {
    const { stage, matrix: of } = producer(source, view);
    assert.deepEqual([stage, of], ['cc-100-training', matrix]);
    return `task.init_checkpoint=${folder('cc-100')}`;
  });
  const override = [
    ...before,
    `task.train_data.input_path=${records('records')}`,
    `task.validation_data.input_path=${records('validation')}`,
    'runtime.distribution_strategy=tpu',
  ];
  const flags = {
    tpu: 'local',
    experiment: 'bert/pretraining',
    mode: 'train_and_eval',
    model_dir: folder(before.length > 0 ? `cc-100_${corpusName}` : corpusName),
    config_file: ['data', 'model'].map((input) => `$CONFIG_DIR/${configName(instance, input, view)}`),
    params_override: override.join(','),
  };
  return { program: 'official/nlp/train.py', flags };
}

function conversion(instance: Instance, view: View): Command {
  const { size, subword } = instance.matrix as { size: string; subword: string };
  const checkpoint = producer(sources(instance, 'checkpoint')[0]!, view);
  assert.deepEqual([checkpoint.stage, checkpoint.matrix], ['wikipedia-training', instance.matrix]);
  const [destination] = view.plan.publish.filter(({ source }) => source.instance === instance.index);
  const trained = configName(checkpoint, 'model', view).replace(/^model\/|\.yaml$/g, '');
  const flags = {
    VOCAB_FILE: path(instance, 'vocab', view),
    TF_CONFIG_FILE: `model_configs/${trained}/config.json`,
    HF_CONFIG_DIR: `hf_model_configs/bert_${size}_${configName(instance, 'tokenizer_config', view)}`,
    TF_CKPT_PATH: `$WORK_DIR/model/${subword}_unidic_lite/bert_${size}/training/cc-100_wikipedia/ckpt-1000000`,
    OUTPUT_DIR: `$WORK_DIR/hf_model/${destination?.destination.replace(/^out\//, '')}`,
  };
  return { program: 'convert', flags };
}

function sourcesIfAny(instance: Instance, input: string): readonly Source[] {
  return instance.inputs.find(({ name }) => name === input)?.sources ?? [];
}

function sources(instance: Instance, input: string): readonly Source[] {
  const found = sourcesIfAny(instance, input);
  assert.ok(found.length > 0, `${instance.id} reads ${input}`);
  return found;
}

function producer(source: Source, { plan }: View): Instance {
  assert.ok(source.kind === 'output');
  return plan.instances[source.instance]!;
}

function path(instance: Instance, input: string, view: View): string {
  const [source, ...others] = sources(instance, input);
  assert.ok(source?.kind === 'output' && others.length === 0, `${input} of ${instance.id} is one output`);
  const place = places[`${producer(source, view).stage}.${source.output}`];
  assert.ok(place, `the original has no ${source.output}`);
  return source.path === undefined ? place : `${place}/${source.path}`;
}

function text(instance: Instance, parameter: string): string {
  return String(instance.with[parameter]);
}

/** `unidic_lite` where the dictionary stage gets unidic-lite. */
function dictionaryName(instance: Instance, view: View): string {
  const { with: given } = producer(sources(instance, 'dictionary')[0]!, view);
  return String(given.package).replace(/==.*/, '').replace('-', '_');
}

function configName(instance: Instance, input: string, { configs }: View): string {
  const [source] = sources(instance, input);
  assert.ok(source?.kind === 'value');
  const found = Object.entries(configs).find(([, value]) => isDeepStrictEqual(value, source.value));
  assert.ok(found, `${input} of ${instance.id} has the values of no configuration of the original`);
  return found[0];
}
