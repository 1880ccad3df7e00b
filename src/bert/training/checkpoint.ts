/** Checkpoints in a model directory, as TensorFlow's CheckpointManager keeps them: `ckpt-N.*`, and `checkpoint`, which names the latest. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CheckpointError } from '../../tensorflow/bundle/error.ts';
import { attributeSuffix, breadthFirst, encodeObjectGraph } from '../../tensorflow/bundle/object-graph.ts';
import { type Bundle, openBundle } from '../../tensorflow/bundle/reader.ts';
import type { StoredTensor } from '../../tensorflow/bundle/stored-tensor.ts';
import { syncFolderOf, writeWhole } from '../../tensorflow/bundle/whole-file.ts';
import { type NamedTensor, writeBundle } from '../../tensorflow/bundle/writer.ts';
import type { Architecture } from '../model/architecture.ts';
import { pretrainerTree, slotsOf, type Variable } from '../model/variables.ts';
import type { OptimizerConfig } from './optimizer.ts';

/** The numbers of a training that a checkpoint holds. Readers, so that one variable at a time is in memory. */
export interface TrainingState {
  readonly step: number;
  /** How many checkpoints this training has written, this one included. */
  readonly saves: number;
  weight(variable: Variable): Float32Array;
  moment(variable: Variable, which: 'm' | 'v'): Float32Array;
}

/** Writes `ckpt-STEP` and makes it the latest; keeps `maxToKeep`. Whole or not at all. */
export function saveCheckpoint(
  modelDirectory: string,
  architecture: Architecture,
  { beta1, beta2 }: OptimizerConfig,
  state: TrainingState,
  maxToKeep: number,
): string {
  mkdirSync(modelDirectory, { recursive: true });
  const name = `ckpt-${state.step}`;
  writeBundle(join(modelDirectory, name), checkpointTensors(architecture, { beta_1: beta1, beta_2: beta2 }, state));
  const earlier = listedCheckpoints(modelDirectory).filter((other) => other !== name);
  const kept = [...earlier, name].slice(-maxToKeep);
  writeCheckpointList(modelDirectory, kept);
  for (const dropped of earlier.filter((other) => !kept.includes(other))) removeCheckpoint(modelDirectory, dropped);
  return join(modelDirectory, name);
}

function* checkpointTensors(
  architecture: Architecture,
  hyperparameters: Readonly<Record<string, number>>,
  state: TrainingState,
): Generator<NamedTensor> {
  const tree = pretrainerTree(architecture);
  const slots = slotsOf(tree);
  const counters: Readonly<Record<string, number>> = {
    global_step: state.step,
    'optimizer/iter': state.step,
    save_counter: state.saves,
  };
  for (const { variable } of breadthFirst(tree.root)) {
    if (variable === undefined) continue;
    const name = `${variable.key}${attributeSuffix}`;
    const counter = counters[variable.key];
    if (isModelVariable(variable)) yield floats(name, variable.shape, state.weight(variable));
    else if (counter !== undefined)
      yield { name, dtype: 'int64', shape: [], bytes: bytesOf(BigInt64Array.of(BigInt(counter))) };
    // `decay` is Keras' own, unused by AdamW, and 0.
    else yield floats(name, [], Float32Array.of(hyperparameters[variable.key.replace('optimizer/', '')] ?? 0));
  }
  for (const { of, name, variable } of slots) {
    const described = of.variable as Variable;
    yield floats(`${variable.key}${attributeSuffix}`, described.shape, state.moment(described, name as 'm' | 'v'));
  }
  yield {
    name: '_CHECKPOINTABLE_OBJECT_GRAPH',
    dtype: 'string',
    value: encodeObjectGraph(tree.root, tree.optimizer, slots),
  };
}

function isModelVariable(variable: object): variable is Variable {
  return 'shape' in variable;
}

function floats(name: string, shape: readonly number[], values: Float32Array): NamedTensor {
  return { name, dtype: 'float32', shape, bytes: bytesOf(values) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export interface Checkpoint extends Omit<TrainingState, 'step'> {
  /** Updates done; undefined where the checkpoint does not say. */
  readonly step: number | undefined;
  readonly prefix: string;
  /** False for weights that this checkpoint lacks, e.g. the heads of another model. */
  has(variable: Variable): boolean;
  /** Where a weight's bytes lie, for who reads them by pieces. */
  storedWeight(variable: Variable): StoredTensor;
  /** Reads everything once, so that damage shows before anything is taken from it. Throws `CheckpointError`. */
  verify(): void;
  close(): void;
}

/** Opens a checkpoint: a prefix, or a model directory, whose latest one is taken. Shapes are checked when a tensor is read. */
export function openCheckpoint(path: string): Checkpoint {
  const prefix = checkpointPrefix(path);
  const bundle = openBundle(prefix);
  const nameOf = ({ key }: Variable, slot = '') => `${key}${slot}${attributeSuffix}`;
  const floats = (name: string, { shape }: Variable): Float32Array => {
    checkShape(bundle, name, shape);
    return bundle.readFloats(name);
  };
  return {
    prefix,
    step: counterIn(bundle, 'global_step'),
    saves: counterIn(bundle, 'save_counter') ?? 0,
    has: (variable) => bundle.tensors.has(nameOf(variable)),
    verify() {
      for (const name of bundle.tensors.keys()) bundle.read(name);
    },
    weight: (variable) => floats(nameOf(variable), variable),
    moment: (variable, which) => floats(nameOf(variable, `/.OPTIMIZER_SLOT/optimizer/${which}`), variable),
    storedWeight(variable) {
      const name = nameOf(variable);
      checkShape(bundle, name, variable.shape);
      return bundle.storedFloats(name);
    },
    close: () => bundle.close(),
  };
}

/** The prefix that a model directory's `checkpoint` file names as the latest, or the given prefix. */
export function checkpointPrefix(path: string): string {
  if (existsSync(`${path}.index`)) return path;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new CheckpointError(
      `There is no checkpoint ${path}: give a model directory, or a prefix: the names of its files up to '.index', such as MODEL_DIR/ckpt-1000`,
    );
  }
  const latest = namedCheckpoints(path).at(-1);
  if (latest === undefined)
    throw new CheckpointError(`${path} holds no checkpoint: there is no file 'checkpoint' in it that names one`);
  return join(path, latest);
}

/** The checkpoints of a directory, oldest first: those that its file `checkpoint` names and that are there. */
export function listedCheckpoints(modelDirectory: string): string[] {
  return namedCheckpoints(modelDirectory).filter((name) => existsSync(join(modelDirectory, `${name}.index`)));
}

/** Names in the directory's `checkpoint` file (a CheckpointState as text), the latest last. A path in it counts by its last part only. */
function namedCheckpoints(modelDirectory: string): string[] {
  const file = join(modelDirectory, 'checkpoint');
  if (!existsSync(file)) return [];
  const text = readFileSync(file, 'utf8');
  const named = (field: string) =>
    [...text.matchAll(new RegExp(`^${field}: "((?:[^"\\\\]|\\\\.)*)"`, 'gm'))].map((match) => basename(match[1]!));
  const [latest] = named('model_checkpoint_path');
  const all = named('all_model_checkpoint_paths').filter((name) => name !== latest);
  return latest === undefined ? all : [...all, latest];
}

/** Makes these, oldest first, the checkpoints of a directory. */
export function writeCheckpointList(modelDirectory: string, names: readonly string[]): void {
  const file = join(modelDirectory, 'checkpoint');
  writeWhole(file, checkpointList(names));
  syncFolderOf(file);
}

/** What a directory's `checkpoint` file says of these, oldest first. */
export function checkpointList(names: readonly string[]): string {
  const lines = [
    `model_checkpoint_path: "${names.at(-1)}"`,
    ...names.map((name) => `all_model_checkpoint_paths: "${name}"`),
  ];
  return `${lines.join('\n')}\n`;
}

function removeCheckpoint(modelDirectory: string, name: string): void {
  for (const file of readdirSync(modelDirectory)) {
    if (file.startsWith(`${name}.`)) rmSync(join(modelDirectory, file));
  }
}

function counterIn(bundle: Bundle, key: string): number | undefined {
  const name = `${key}${attributeSuffix}`;
  return bundle.tensors.get(name)?.dtype === 'int64' ? Number(bundle.read(name).readBigInt64LE()) : undefined;
}

function checkShape(bundle: Bundle, name: string, shape: readonly number[]): void {
  const found = bundle.tensors.get(name)?.shape;
  if (found !== undefined && (found.length !== shape.length || found.some((extent, i) => extent !== shape[i]))) {
    const remedy = 'use the model configuration that it was trained with';
    throw new CheckpointError(
      `${bundle.prefix}: tensor ${name} has shape [${found}] where the model has [${shape}]: ${remedy}`,
    );
  }
}
