/** Writes TensorFlow graphs: NodeDef, AttrValue and TensorProto of tensorflow/core/framework/*.proto, and the SavedModel around them. */
import { PbfWriter } from 'pbf';
import type { AttributeValue, OpAttribute } from './addon.ts';

export type Attribute =
  | { readonly kind: 'type'; readonly value: number }
  | { readonly kind: 'shape'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly dtype: number; readonly shape: readonly number[]; readonly bytes: Uint8Array }
  /** As the addon was given it. */
  | { readonly kind: 'recorded'; readonly attribute: OpAttribute; readonly types: AttributeTypes };

/** The addon's numbers for the types of attributes. */
export interface AttributeTypes {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node`, `node:1` for a second output, `^node` for a control dependency. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** AttrValue { ListValue list = 1; bytes s = 2; int64 i = 3; float f = 4; bool b = 5; DataType type = 6; TensorShapeProto shape = 7; TensorProto tensor = 8 }. */
const fields = { list: 1, string: 2, int: 3, float: 4, bool: 5, type: 6, shape: 7, tensor: 8 } as const;

/** A graph producer version that has every operation used here: that of TensorFlow 2.9. */
const producer = 1087;

/** SavedModel { saved_model_schema_version = 1; MetaGraphDef meta_graphs = 2 }, with the tag `serve` and an empty signature, which the addon wants. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 1);
  pbf.writeMessage(2, writeMetaGraph, nodes);
  return pbf.finish();
}

/** MetaGraphDef { MetaInfoDef meta_info_def = 1 { tags = 4 }; GraphDef graph_def = 2; map<string, SignatureDef> signature_def = 5 }. */
function writeMetaGraph(nodes: readonly GraphNode[], pbf: PbfWriter): void {
  pbf.writeMessage(1, (tag, inner) => inner.writeStringField(4, tag), 'serve');
  pbf.writeMessage(2, writeGraph, nodes);
  pbf.writeMessage(
    5,
    (name, entry) => {
      entry.writeStringField(1, name);
      entry.writeMessage(2, (method, signature) => signature.writeStringField(3, method), 'step');
    },
    'serving_default',
  );
}

/** GraphDef { NodeDef node = 1; VersionDef versions = 4 }. */
function writeGraph(nodes: readonly GraphNode[], pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeMessage(4, (version, inner) => inner.writeVarintField(1, version), producer);
}

/** NodeDef { name = 1; op = 2; input = 3; map<string, AttrValue> attr = 5 }. */
function writeNode({ name, op, inputs, attributes }: GraphNode, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeStringField(2, op);
  for (const input of inputs) pbf.writeStringField(3, input);
  for (const [key, attribute] of Object.entries(attributes)) {
    pbf.writeMessage(
      5,
      (value, entry) => {
        entry.writeStringField(1, key);
        entry.writeMessage(2, writeAttribute, value);
      },
      attribute,
    );
  }
}

function writeAttribute(attribute: Attribute, pbf: PbfWriter): void {
  switch (attribute.kind) {
    case 'type':
      pbf.writeVarintField(fields.type, attribute.value);
      break;
    case 'shape':
      pbf.writeMessage(fields.shape, writeShape, attribute.value);
      break;
    case 'string':
      pbf.writeStringField(fields.string, attribute.value);
      break;
    case 'tensor':
      pbf.writeMessage(fields.tensor, writeTensor, attribute);
      break;
    case 'recorded':
      writeRecorded(attribute.attribute, attribute.types, pbf);
  }
}

function writeRecorded({ name, type, value }: OpAttribute, types: AttributeTypes, pbf: PbfWriter): void {
  const writeOne = (one: AttributeValue, target: PbfWriter): void => {
    if (type === types.TF_ATTR_TYPE) target.writeVarintField(fields.type, one as number);
    else if (type === types.TF_ATTR_INT) target.writeVarintField(fields.int, one as number);
    else if (type === types.TF_ATTR_FLOAT) target.writeFloatField(fields.float, one as number);
    else if (type === types.TF_ATTR_BOOL) target.writeBooleanField(fields.bool, Boolean(one));
    else if (type === types.TF_ATTR_STRING) target.writeStringField(fields.string, one as string);
    else if (type === types.TF_ATTR_SHAPE) target.writeMessage(fields.shape, writeShape, one as readonly number[]);
    else throw new Error(`attribute ${name} has the unknown type ${type}`);
  };
  if (!Array.isArray(value) || type === types.TF_ATTR_SHAPE) {
    writeOne(value as AttributeValue, pbf);
    return;
  }
  pbf.writeMessage(
    fields.list,
    (list, inner) => {
      for (const one of list) writeOne(one, inner);
    },
    value as AttributeValue[],
  );
}

/** TensorShapeProto { Dim dim = 2 { size = 1 } }. */
function writeShape(shape: readonly number[], pbf: PbfWriter): void {
  for (const extent of shape) pbf.writeMessage(2, (size, inner) => inner.writeVarintField(1, size), extent);
}

/** TensorProto { dtype = 1; tensor_shape = 2; tensor_content = 4 }. */
function writeTensor(tensor: Extract<Attribute, { kind: 'tensor' }>, pbf: PbfWriter): void {
  pbf.writeVarintField(1, tensor.dtype);
  pbf.writeMessage(2, writeShape, tensor.shape);
  pbf.writeBytesField(4, tensor.bytes);
}
