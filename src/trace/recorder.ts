/**
 * Records what an eager function asks of TensorFlow: while it runs, the addon is wrapped, and every operation executed becomes a node of
 * a graph. Tensors are known by the addon's ids; those that the function makes from JavaScript values become constants.
 */
import type { Binding, NodeBackend, TensorValues } from './addon.ts';
import type { Attribute, GraphNode } from './graph-def.ts';
import { shareByShape } from './share-by-shape.ts';

export interface Recorder {
  readonly nodes: GraphNode[];
  /** Adds a node of our own; its name is made unique by the caller. Returns the name. */
  node(name: string, op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): string;
  /** Says that the tensor with this id is what the graph calls `output`. */
  bind(id: number, output: string): void;
  /** What the graph calls the tensor with this id. */
  outputOf(id: number): string;
  /** Says that uploading exactly this array makes the graph's input `output`. */
  bindUpload(values: TensorValues, output: string): void;
  /** Runs `body` with every operation recorded. */
  record<T>(body: () => T): T;
}

export function createRecorder(backend: NodeBackend): Recorder {
  const { binding } = backend;
  const nodes: GraphNode[] = [];
  const outputs = new Map<number, string>();
  const uploads = new Map<TensorValues, string>();
  const shapes = shareByShape(binding);

  const node: Recorder['node'] = (name, op, inputs, attributes) => {
    nodes.push({ name, op, inputs, attributes });
    return name;
  };
  const unique = () => `n${nodes.length}`;
  const outputOf = (id: number): string => {
    const output = outputs.get(id);
    if (output === undefined)
      throw new Error('a traced function used a tensor that is neither its input nor a variable nor made by it');
    return output;
  };
  const constant = (shape: number[], dtype: number, values: TensorValues): string =>
    node(unique(), 'Const', [], {
      dtype: { kind: 'type', value: dtype },
      value: { kind: 'tensor', dtype, shape, bytes: bytesOf(values, dtype, binding) },
    });

  const createTensor: Binding['createTensor'] = (shape, dtype, values) => {
    const id = binding.createTensor(shape, dtype, values);
    outputs.set(id, uploads.get(values) ?? constant(shape, dtype, values));
    return id;
  };
  const executeOp: Binding['executeOp'] = (op, attributes, inputIds, count) => {
    const results = binding.executeOp(op, attributes, inputIds, count).map(shapes.shared);
    const recorded = attributes.map(
      (attribute) => [attribute.name, { kind: 'recorded', attribute, types: binding }] as const,
    );
    const name = node(unique(), op, inputIds.map(outputOf), Object.fromEntries(recorded));
    for (const [i, { id }] of results.entries()) outputs.set(id, i === 0 ? name : `${name}:${i}`);
    return results;
  };
  const tensorDataSync: Binding['tensorDataSync'] = () => {
    throw new Error(
      'a traced function read numbers back to the host: what it does with them would not be in the graph',
    );
  };

  return {
    nodes,
    node,
    outputOf,
    bind: (id, output) => outputs.set(id, output),
    bindUpload: (values, output) => uploads.set(values, output),
    record(body) {
      // The addon's own properties cannot be assigned, so they are shadowed on an object that inherits from it.
      backend.binding = Object.create(binding, {
        createTensor: { value: createTensor },
        executeOp: { value: executeOp },
        tensorDataSync: { value: tensorDataSync },
      }) as Binding;
      try {
        return body();
      } finally {
        backend.binding = binding;
        shapes.release();
      }
    },
  };
}

/** Little-endian content of a constant; booleans are one byte each, and numbers may come in an array of another type. */
function bytesOf(values: TensorValues, dtype: number, { TF_FLOAT, TF_INT32, TF_BOOL }: Binding): Uint8Array {
  if (dtype !== TF_FLOAT && dtype !== TF_INT32 && dtype !== TF_BOOL)
    throw new Error(`cannot trace a constant of TensorFlow's type ${dtype}`);
  const typed =
    dtype === TF_FLOAT
      ? Float32Array.from(values)
      : dtype === TF_INT32
        ? Int32Array.from(values)
        : Uint8Array.from(values);
  return new Uint8Array(typed.buffer);
}
