/**
 * Turns eager TensorFlow.js functions into one TensorFlow graph and replays them: tf.function for tfjs-node. Eager execution pays
 * 30–50 µs for every operation; the graph pays once for a step. Variables become resource variables inside the session; the
 * unmodified addon loads the graph as a SavedModel. Whatever a function computes from JavaScript numbers is a constant in the
 * graph, so all that changes from call to call must be an input.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Tensorflow } from '../devices/device.ts';
import { encodeAttributes, type NativeAttributes } from '../devices/native-operations.ts';
import { type Binding, nodeBackend, type OpAttribute, type TensorValues } from './addon.ts';
import { type Attribute, encodeSavedModel } from './graph-def.ts';
import { groupsBySize } from './groups.ts';
import { createRecorder, type Recorder } from './recorder.ts';

/** A function of tensors that may assign variables. It must not read numbers back, and is run once, eagerly, to be recorded. */
export interface TracedFunction {
  /** One example of each input: fresh tensors, not used before. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Returns tensors that survive it (`tf.keep`). `update` is given where a graph is recorded. */
  run(inputs: Readonly<Record<string, Tensor>>, update?: UpdateInPlace): Readonly<Record<string, Tensor>>;
}

/**
 * Puts an operation into the graph that updates variables where they are, such as ResourceApplyAdam: its inputs are the variables'
 * handles and then the operands. It runs after all reads of these variables and in the order of the calls. Such a variable must not be
 * assigned as well.
 */
export type UpdateInPlace = (
  op: string,
  attributes: NativeAttributes,
  updated: readonly Variable[],
  operands: readonly Tensor[],
) => void;

/** Numbers of the i-th variable; to be read before the next call. */
export type Snapshot = (variable: number) => TensorValues;

/** Functions over shared variables, however they are run. */
export interface Program {
  /** Runs a function on these inputs; its outputs' numbers. A promise, as a GPU's memory is read in no other way; one call at a time. */
  call(name: string, inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, TensorValues>>>;
  /** The variables' numbers as they are. */
  snapshot(): Promise<Snapshot>;
  /** Replaces the numbers of the i-th variable. */
  write(variable: number, values: Tensor): void;
  /** Operations recorded; none where nothing is. */
  readonly operations: number;
  /** Ends the session and frees its variables. */
  dispose(): void;
}

/**
 * Records the functions, in order, into one graph over the same variables, whose values are those from before recording. Recording
 * runs each function once eagerly. The variables' numbers move into the graph's session, and the variables given are disposed of.
 */
export function trace(
  tf: Tensorflow,
  variables: readonly Variable[],
  functions: Readonly<Record<string, TracedFunction>>,
): Program {
  const backend = nodeBackend(tf);
  const { binding } = backend;
  const recorder = createRecorder(backend);
  const before = variables.map((variable) => tf.clone(variable));
  const dtypes = variables.map((variable) => backend.tensorMap.get(variable.dataId).dtype);
  for (const [i, variable] of variables.entries()) defineVariable(recorder, i, dtypes[i]!, variable.shape);

  const outputNames = new Map<string, readonly string[]>();
  for (const [name, traced] of Object.entries(functions)) {
    outputNames.set(name, recordFunction(tf, recorder, name, variables, dtypes, traced));
  }
  tf.dispose([...variables]);
  const operations = recorder.nodes.length;
  const session = loadGraph(binding, recorder);
  const run = (inputs: readonly Tensor[], inputNames: readonly string[], outputs: readonly string[]) =>
    binding.runSavedModel(session, backend.getInputTensorIds(inputs), inputNames.join(','), outputs.join(','));
  const taken = (id: number): TensorValues => {
    const values = binding.tensorDataSync(id);
    binding.deleteTensor(id);
    return values;
  };
  const write = (which: readonly number[], values: readonly Tensor[]) => {
    const outputs = which.map((i) => `written${i}`);
    for (const { id } of run(
      values,
      which.map((i) => `value${i}`),
      outputs,
    ))
      binding.deleteTensor(id);
  };

  // TensorFlow prepares the whole graph anew for every set of inputs and outputs: so variables are written and read by groups.
  const groups = groupsBySize(before.map(({ size }) => size * Float32Array.BYTES_PER_ELEMENT));
  for (const group of groups) {
    write(
      group,
      group.map((i) => before[i]!),
    );
    tf.dispose(group.map((i) => before[i]!));
  }
  let lastRead: { readonly group: readonly number[]; readonly values: readonly TensorValues[] } | undefined;
  const read: Snapshot = (i) => {
    if (!lastRead?.group.includes(i)) {
      const group = groups.find((each) => each.includes(i))!;
      const outputs = run(
        [],
        [],
        group.map((each) => `current${each}`),
      );
      lastRead = { group, values: outputs.map(({ id }) => taken(id)) };
    }
    return lastRead.values[lastRead.group.indexOf(i)]!;
  };

  return {
    operations,
    async call(name, inputs) {
      lastRead = undefined;
      const names = Object.keys(functions[name]!.inputs);
      const tensors = names.map((input) => inputs[input]!);
      const outputs = outputNames.get(name)!;
      const results = run(
        tensors,
        names.map((input) => inputNode(name, input)),
        outputs.map((output) => outputNode(name, output)),
      );
      return Object.fromEntries(outputs.map((output, i) => [output, taken(results[i]!.id)]));
    },
    snapshot: async () => read,
    write(i, values) {
      lastRead = undefined;
      write([i], [values]);
    },
    dispose: () => binding.deleteSavedModel(session),
  };
}

const inputNode = (name: string, input: string) => `${name}/in/${input}`;
const outputNode = (name: string, output: string) => `${name}/out/${output}`;
const typeOf = (dtype: number): Attribute => ({ kind: 'type', value: dtype });

/** A resource variable with nodes to read it (`current`) and to write it (`value` → `written`). */
function defineVariable({ node }: Recorder, i: number, dtype: number, shape: readonly number[]): void {
  const type = { dtype: typeOf(dtype) };
  const shaped = { ...type, shape: { kind: 'shape', value: shape } } as const;
  const named = {
    shared_name: { kind: 'string', value: `variable${i}` },
    container: { kind: 'string', value: '' },
  } as const;
  node(`variable${i}`, 'VarHandleOp', [], { ...shaped, ...named });
  node(`current${i}`, 'ReadVariableOp', [`variable${i}`], type);
  node(`value${i}`, 'Placeholder', [], shaped);
  node(`write${i}`, 'AssignVariableOp', [`variable${i}`, `value${i}`], type);
  // The addon fetches tensors, not operations: one that waits for the assignment.
  const zero: Attribute = { kind: 'tensor', dtype, shape: [], bytes: new Uint8Array(4) };
  node(`zero${i}`, 'Const', [], { ...type, value: zero });
  node(`written${i}`, 'Identity', [`zero${i}`, `^write${i}`], { T: typeOf(dtype) });
}

/** Records one function; its outputs wait for its assignments. Returns the names of the outputs. */
function recordFunction(
  tf: Tensorflow,
  recorder: Recorder,
  name: string,
  variables: readonly Variable[],
  dtypes: readonly number[],
  { inputs, run }: TracedFunction,
): string[] {
  const backend = nodeBackend(tf);
  const { binding } = backend;
  const { node } = recorder;
  for (const [input, tensor] of Object.entries(inputs)) {
    const { values, dtype, shape } = backend.tensorMap.get(tensor.dataId);
    if (values === null) throw new Error(`the example of input ${input} was used before it was traced`);
    recorder.bindUpload(values, inputNode(name, input));
    node(inputNode(name, input), 'Placeholder', [], { dtype: typeOf(dtype), shape: { kind: 'shape', value: shape } });
  }
  backend.getInputTensorIds(variables);
  const idOf = (tensor: Tensor) => backend.tensorMap.get(tensor.dataId).id;
  const idsBefore = variables.map(idOf);
  for (const [i, id] of idsBefore.entries()) {
    const read = node(`${name}/read${i}`, 'ReadVariableOp', [`variable${i}`], { dtype: typeOf(dtypes[i]!) });
    recorder.bind(id, read);
  }
  const updates = new Map<number, string>(); // the last of each variable
  const update: UpdateInPlace = (op, attributes, updated, operands) => {
    const places = updated.map((variable) => variables.indexOf(variable));
    const handles = places.map((i) => `variable${i}`);
    const values = backend.getInputTensorIds(operands).map(recorder.outputOf);
    const after = new Set(places.map((i) => `^${updates.get(i) ?? `${name}/read${i}`}`));
    const recorded = encodeAttributes(attributes, binding).map((attribute) => [
      attribute.name,
      { kind: 'recorded', attribute: attribute as OpAttribute, types: binding } as const,
    ]);
    const added = node(
      `${name}/update${recorder.nodes.length}`,
      op,
      [...handles, ...values, ...after],
      Object.fromEntries(recorded),
    );
    for (const i of places) updates.set(i, added);
  };
  const outputs = recorder.record(() => {
    const made = run(inputs, update);
    // What the function made from JavaScript values alone is not on the device yet, and so not in the graph.
    backend.getInputTensorIds([...Object.values(made), ...variables]);
    return made;
  });

  const assignments = variables.flatMap((variable, i) => {
    const id = idOf(variable);
    if (id === idsBefore[i]) return [];
    if (updates.has(i)) throw new Error('a traced function assigned a variable that it also updated in place');
    // The read first: the new value need not depend on the old one.
    const sources = [`variable${i}`, recorder.outputOf(id), `^${name}/read${i}`];
    return [`^${node(`${name}/assign${i}`, 'AssignVariableOp', sources, { dtype: typeOf(dtypes[i]!) })}`];
  });
  assignments.push(...new Set([...updates.values()].map((update) => `^${update}`)));
  for (const [output, tensor] of Object.entries(outputs)) {
    const { id, dtype } = backend.tensorMap.get(tensor.dataId);
    node(outputNode(name, output), 'Identity', [recorder.outputOf(id), ...assignments], { T: typeOf(dtype) });
    tensor.dispose();
  }
  return Object.keys(outputs);
}

function loadGraph(binding: Binding, { nodes }: Recorder): number {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-trace-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(nodes));
    return binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
