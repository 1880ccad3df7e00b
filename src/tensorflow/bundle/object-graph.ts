/**
 * The object graph in a TF2 checkpoint (tensorflow/core/protobuf/trackable_object_graph.proto): which Python object holds
 * which variable, so that `tf.train.Checkpoint` finds its way. TensorFlow numbers nodes breadth first.
 */
import { PbfWriter } from 'pbf';

export interface Trackable {
  /** In the order in which TensorFlow lists them; one object may hang under several names. */
  readonly children: readonly (readonly [string, Trackable])[];
  readonly variable?: TrackedVariable;
}

export interface TrackedVariable {
  /** Name of the tensor in the bundle, without the suffix. */
  readonly key: string;
  /** The variable's name in TensorFlow. */
  readonly fullName: string;
}

/** A slot (m, v) that the optimizer keeps for a variable. */
export interface Slot {
  readonly of: Trackable;
  readonly name: string;
  readonly variable: TrackedVariable;
}

export const attributeSuffix = '/.ATTRIBUTES/VARIABLE_VALUE';

/** Objects in TensorFlow's order: breadth first from the root, each once. */
export function breadthFirst(root: Trackable): Trackable[] {
  const seen = new Set([root]);
  for (const node of seen) for (const [, child] of node.children) seen.add(child);
  return [...seen];
}

/** Bytes of the TrackableObjectGraph. Slot variables are numbered after all objects, and hang on `optimizer`. */
export function encodeObjectGraph(root: Trackable, optimizer: Trackable, slots: readonly Slot[]): Uint8Array {
  const nodes = breadthFirst(root);
  const ids = new Map(nodes.map((node, id) => [node, id]));
  const slotReferences = slots.map(({ of, name }, i) => ({ of: ids.get(of)!, name, id: nodes.length + i }));
  const pbf = new PbfWriter();
  for (const node of nodes) {
    const references = node === optimizer ? slotReferences : [];
    pbf.writeMessage(1, (_, inner) => writeNode(node, ids, references, inner), undefined);
  }
  for (const { variable } of slots) {
    pbf.writeMessage(1, (_, inner) => writeNode({ children: [], variable }, ids, [], inner), undefined);
  }
  return pbf.finish();
}

interface SlotReference {
  readonly of: number;
  readonly name: string;
  readonly id: number;
}

function writeNode(
  node: Trackable,
  ids: ReadonlyMap<Trackable, number>,
  slots: readonly SlotReference[],
  pbf: PbfWriter,
): void {
  for (const [name, child] of node.children) pbf.writeMessage(1, writeChild, { id: ids.get(child)!, name });
  if (node.variable !== undefined) pbf.writeMessage(2, writeVariable, node.variable);
  for (const slot of slots) pbf.writeMessage(3, writeSlot, slot);
  const holdsValues = (some: Trackable): boolean =>
    some.variable !== undefined || some.children.some(([, child]) => holdsValues(child));
  // BoolValue has_checkpoint_values: present in every node, empty where false.
  pbf.writeMessage(5, (holds, inner) => holds && inner.writeBooleanField(1, true), holdsValues(node));
}

function writeChild({ id, name }: { id: number; name: string }, pbf: PbfWriter): void {
  if (id !== 0) pbf.writeVarintField(1, id);
  pbf.writeStringField(2, name);
}

function writeVariable({ key, fullName }: TrackedVariable, pbf: PbfWriter): void {
  pbf.writeStringField(1, 'VARIABLE_VALUE');
  pbf.writeStringField(2, fullName);
  pbf.writeStringField(3, `${key}${attributeSuffix}`);
}

function writeSlot({ of, name, id }: SlotReference, pbf: PbfWriter): void {
  pbf.writeVarintField(1, of);
  pbf.writeStringField(2, name);
  pbf.writeVarintField(3, id);
}
