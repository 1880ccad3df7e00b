/** From a checkpoint of Model Garden's pretrainer, ours or its own, to a model directory as the Hugging Face hub has them. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { openCheckpoint } from '../../bert/training/checkpoint.ts';
import { loadVocabulary } from '../../wordpiece/vocabulary.ts';
import { type HiddenAct, type ModelConfig, modelConfig } from '../config/model-config.ts';
import { checked } from '../config/read-json.ts';
import { tokenizerConfig, tokenizerConfigSchema } from '../config/tokenizer-config.ts';
import { modelCard } from '../model-card/model-card.ts';
import { trainingFacts } from '../model-card/training-facts.ts';
import { ModelError } from '../model-error.ts';
import { startWeightConverter, type WeightConverter, type WeightFormat } from './convert-weights.ts';
import { modelWeights } from './model-weights.ts';

export interface Conversion {
  /** A model directory or the prefix of a checkpoint. */
  readonly checkpoint: string;
  /** Paths of YAML or JSON files: Model Garden's configuration or a BERT config.json; a tokenizer_config.json; params.yaml of the training. */
  readonly model: string;
  readonly tokenizerConfig: string;
  readonly params: string | undefined;
  readonly vocabulary: string;
  readonly formats: readonly WeightFormat[];
  readonly hiddenAct: HiddenAct;
  /** An existing, empty directory. */
  readonly output: string;
  readonly threads: number;
  readonly progress: (done: number, total: number) => void;
  readonly log: (message: string) => void;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

const specialTokens = {
  cls_token: '[CLS]',
  mask_token: '[MASK]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
};

export async function convertCheckpoint(conversion: Conversion): Promise<void> {
  const converter = startWeightConverter(conversion.formats, conversion.threads);
  try {
    await convertWith(converter, conversion);
  } finally {
    await converter.close();
  }
}

async function convertWith(converter: WeightConverter, conversion: Conversion): Promise<void> {
  const { hiddenAct, output, log, warn } = conversion;
  const modelSource = await readYaml(conversion.model);
  const config = modelConfig(modelSource, conversion.model, hiddenAct);
  const tokenizerSource = await readYaml(conversion.tokenizerConfig);
  const tokenizer = tokenizerConfig(checked(tokenizerSource, tokenizerConfigSchema, conversion.tokenizerConfig));
  const vocabularySize = await checkedVocabularySize(conversion.vocabulary, config, warn);
  if (config.trainedWith !== undefined && config.trainedWith !== hiddenAct) {
    log(`config.json says hidden_act ${hiddenAct}; the training computed ${config.trainedWith}`);
  }
  const checkpoint = openCheckpoint(conversion.checkpoint);
  try {
    log(`converting ${checkpoint.prefix}`);
    const training = conversion.params === undefined ? modelSource : await readYaml(conversion.params);
    const writeTexts = async (): Promise<void> => {
      const card = modelCard({
        architecture: config.architecture,
        weights: modelWeights(config.architecture),
        hiddenAct,
        trainedWith: config.trainedWith,
        tokenizer,
        vocabularySize,
        training: trainingFacts(training, checkpoint.step),
      });
      await copyFile(conversion.vocabulary, join(output, 'vocab.txt'));
      await writeJson(join(output, 'config.json'), config.json);
      await writeJson(join(output, 'tokenizer_config.json'), {
        tokenizer_class: 'BertJapaneseTokenizer',
        ...(tokenizerSource as object),
      });
      await writeJson(join(output, 'special_tokens_map.json'), specialTokens);
      await writeFile(join(output, 'README.md'), card);
    };
    // Both, so that nothing is still written when one has failed.
    const written = await Promise.allSettled([
      converter.convert({ ...conversion, checkpoint, architecture: config.architecture, directory: output }),
      writeTexts(),
    ]);
    for (const each of written) if (each.status === 'rejected') throw each.reason;
  } finally {
    checkpoint.close();
  }
}

async function checkedVocabularySize(
  path: string,
  { architecture }: ModelConfig,
  warn: (message: string) => void,
): Promise<number> {
  const { tokens, ids, positions } = await loadVocabulary(path);
  const size = ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  const absent = Object.values(specialTokens).filter((token) => !positions.has(token));
  if (absent.length > 0) throw new ModelError(`${path} has no ${absent.join(', ')}: is it a vocab.txt of BERT?`);
  if (size > architecture.vocabSize) {
    throw new ModelError(`${path} has ${size} tokens, the model only ${architecture.vocabSize}: it is another model's`);
  }
  if (size < architecture.vocabSize) {
    warn(`${path} has ${size} tokens, the model ${architecture.vocabSize}: the others can never be predicted as text`);
  }
  if (tokens.length < size) {
    warn(`${path} repeats ${size - tokens.length} tokens: of each only the last line counts, as for transformers`);
  }
  return size;
}

/** JSON is YAML too. */
async function readYaml(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8');
  try {
    return parse(text);
  } catch (error) {
    throw new ModelError(`${path}: ${(error as Error).message}`);
  }
}

/** Indented as the published configurations are. */
async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 4)}\n`);
}
