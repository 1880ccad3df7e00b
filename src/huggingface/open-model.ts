/** Opens a Hugging Face model directory, made here or downloaded: configuration, vocabulary and weights, without Python. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '../bert/model/variables.ts';
import { type BertConfig, readBertConfig } from './config/bert-config.ts';
import { readTokenizerConfig, type TokenizerConfig } from './config/tokenizer-config.ts';
import { ModelError } from './model-error.ts';
import { modelTensor } from './tensor-names.ts';
import { transpose } from './transpose/transpose.ts';
import { readTensorflow } from './weights/hdf5/read-tensorflow.ts';
import { readFlax } from './weights/msgpack/read-flax.ts';
import { readPytorch } from './weights/pytorch/read-pytorch.ts';
import { readSafetensors } from './weights/safetensors/read-safetensors.ts';
import type { TensorFile } from './weights/tensor-file.ts';
import { asFloats, type TensorInfo } from './weights/tensor-type.ts';

export interface Model {
  readonly directory: string;
  readonly config: BertConfig;
  readonly tokenizer: TokenizerConfig;
  /** Path of vocab.txt. */
  readonly vocabulary: string;
  /** Path of the file that holds the weights. */
  readonly weights: string;
  /** By the names of transformers' BertForPreTraining, e.g. `bert.embeddings.word_embeddings.weight`. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** A tensor of any floating-point type, row-major. Throws `ModelError` if the model has none of this name and, where given, shape. */
  readFloats(name: string, shape?: readonly number[]): Float32Array;
  close(): void;
}

/**
 * Weights are read when they are asked for, from the first there is of model.safetensors, pytorch_model.bin, tf_model.h5
 * and flax_model.msgpack. Throws `ModelError` that says what is missing or wrong.
 */
export async function openModel(directory: string): Promise<Model> {
  const config = await readBertConfig(join(directory, 'config.json'));
  const tokenizer = await readTokenizerConfig(join(directory, 'tokenizer_config.json'));
  const vocabulary = join(directory, 'vocab.txt');
  if (!existsSync(vocabulary)) throw new ModelError(`${vocabulary} is missing: a model directory has one`);
  const file = await openWeights(directory);
  const names = currentNames(file);
  const stored = (name: string): string => {
    const found = names.get(name);
    if (found === undefined) throw new ModelError(`${file.path} has no tensor ${name}`);
    return found;
  };
  return {
    directory,
    config,
    tokenizer,
    vocabulary,
    weights: file.path,
    tensors: new Map([...names].map(([name, inFile]) => [name, file.tensors.get(inFile)!])),
    readFloats(name, shape) {
      const inFile = stored(name);
      const info = file.tensors.get(inFile)!;
      if (shape !== undefined && String(shape) !== String(info.shape)) {
        throw new ModelError(
          `${file.path}: tensor ${name} has shape [${info.shape}] where config.json asks for [${shape}]`,
        );
      }
      const floats = asFloats(info.dtype, file.read(inFile));
      if (floats === undefined)
        throw new ModelError(`${file.path}: tensor ${name} is ${info.dtype}, not floating-point`);
      return floats;
    },
    close: () => file.close(),
  };
}

/** The numbers of a model's variable in the layout of the forward pass: what `createWeights` takes. */
export function readVariable(model: Model, variable: Variable): Float32Array {
  const { name, transposed, shape } = modelTensor(variable);
  const values = model.readFloats(name, shape);
  return transposed ? transpose(values, shape[0]!, shape[1]!) : values;
}

/** In the order of preference. */
const readers: Readonly<Record<string, (path: string) => Promise<TensorFile>>> = {
  'model.safetensors': readSafetensors,
  'pytorch_model.bin': readPytorch,
  'tf_model.h5': readTensorflow,
  'flax_model.msgpack': readFlax,
};

function openWeights(directory: string): Promise<TensorFile> {
  for (const [name, read] of Object.entries(readers)) {
    const path = join(directory, name);
    if (!existsSync(path)) continue;
    refusePointer(path);
    return read(path);
  }
  const index = Object.keys(readers).find((name) => existsSync(join(directory, `${name}.index.json`)));
  if (index !== undefined) {
    throw new ModelError(
      `${join(directory, `${index}.index.json`)}: weights in several files are not read: save the model with one, as save_pretrained(…, max_shard_size="100GB") does`,
    );
  }
  throw new ModelError(`${directory} holds no weights: none of ${Object.keys(readers).join(', ')} is in it`);
}

/** What `git clone` leaves in the place of a large file when Git LFS is not installed. */
function refusePointer(path: string): void {
  const isPointer = statSync(path).size < 1024 && readFileSync(path, 'latin1').startsWith('version https://git-lfs');
  if (isPointer) throw new ModelError(`${path} only points to the weights: get them with 'git lfs pull'`);
}

/**
 * Names in a file by their current form. Models from TensorFlow 1 call a layer norm's weights gamma and beta, and a bare BertModel
 * leaves out the prefix `bert.`.
 */
function currentNames(file: TensorFile): Map<string, string> {
  const bare = file.tensors.has('embeddings.word_embeddings.weight');
  return new Map(
    [...file.tensors.keys()].map((name) => {
      const prefixed = bare && !name.startsWith('cls.') ? `bert.${name}` : name;
      return [
        prefixed.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias'),
        name,
      ];
    }),
  );
}
