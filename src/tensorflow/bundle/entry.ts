/** What the index of a tensor bundle says of its tensors: BundleHeaderProto and BundleEntryProto (tensorflow/core/protobuf/tensor_bundle.proto). */
import { PbfReader, PbfWriter } from 'pbf';
import { CheckpointError } from './error.ts';

/** Numbers of tensorflow.DataType. */
export const dataTypes = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int8: 6,
  string: 7,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
} as const;

export type DataType = keyof typeof dataTypes;

const elementSizes: Readonly<Record<Exclude<DataType, 'string'>, number>> = {
  float32: 4,
  float64: 8,
  int32: 4,
  uint8: 1,
  int8: 1,
  int64: 8,
  bool: 1,
  bfloat16: 2,
  float16: 2,
};

export interface TensorEntry {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly shard: number;
  readonly offset: number;
  /** Bytes in the data file. */
  readonly size: number;
  /** Masked CRC-32C of those bytes. */
  readonly checksum: number;
}

export interface BundleHeader {
  readonly shards: number;
}

/** Bytes that a tensor of numbers takes. */
export function byteLength(dtype: Exclude<DataType, 'string'>, shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, elementSizes[dtype]);
}

export function decodeHeader(bytes: Uint8Array, file: string): BundleHeader {
  const { shards, endianness } = new PbfReader(bytes).readFields(
    (tag, header, pbf) => {
      if (tag === 1) header.shards = pbf.readVarint();
      if (tag === 2) header.endianness = pbf.readVarint();
    },
    { shards: 1, endianness: 0 },
  );
  if (endianness !== 0)
    throw new CheckpointError(`${file} was written on a big-endian machine, which is not supported`);
  return { shards };
}

export function encodeHeader({ shards }: BundleHeader): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, shards);
  // VersionDef { producer = 1 }: kTensorBundleVersion.
  pbf.writeMessage(3, (_, version) => version.writeVarintField(1, 1), undefined);
  return pbf.finish();
}

export function decodeEntry(bytes: Uint8Array, name: string, file: string): TensorEntry {
  const raw = new PbfReader(bytes).readFields(
    (tag, entry, pbf) => {
      if (tag === 1) entry.dtype = pbf.readVarint();
      if (tag === 2) entry.shape = pbf.readMessage(readShape, []);
      if (tag === 3) entry.shard = pbf.readVarint();
      if (tag === 4) entry.offset = pbf.readVarint();
      if (tag === 5) entry.size = pbf.readVarint();
      if (tag === 6) entry.checksum = pbf.readFixed32();
      if (tag === 7) entry.sliced = true;
    },
    { dtype: 0, shape: [] as number[], shard: 0, offset: 0, size: 0, checksum: 0, sliced: false },
  );
  const dtype = (Object.keys(dataTypes) as DataType[]).find((type) => dataTypes[type] === raw.dtype);
  if (dtype === undefined) throw new CheckpointError(`${file}: tensor ${name} has the unknown data type ${raw.dtype}`);
  if (raw.sliced)
    throw new CheckpointError(
      `${file}: tensor ${name} is stored in slices (a partitioned variable), which is not supported`,
    );
  if (dtype !== 'string' && byteLength(dtype, raw.shape) !== raw.size) {
    throw new CheckpointError(`${file}: tensor ${name} of shape [${raw.shape}] cannot have ${raw.size} bytes`);
  }
  return { dtype, shape: raw.shape, shard: raw.shard, offset: raw.offset, size: raw.size, checksum: raw.checksum };
}

/** TensorShapeProto { repeated Dim dim = 2 }, Dim { int64 size = 1 }. */
function readShape(tag: number, shape: number[], pbf: PbfReader): void {
  if (tag !== 2) return;
  const dimension = pbf.readMessage(
    (field, result, inner) => {
      if (field === 1) result.size = inner.readVarint(true);
    },
    { size: 0 },
  );
  shape.push(dimension.size);
}

export function encodeEntry({ dtype, shape, shard, offset, size, checksum }: TensorEntry): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, dataTypes[dtype]);
  pbf.writeMessage(2, writeShape, shape);
  // Zero is the default of protocol buffers and is left out, as TensorFlow does.
  if (shard !== 0) pbf.writeVarintField(3, shard);
  if (offset !== 0) pbf.writeVarintField(4, offset);
  if (size !== 0) pbf.writeVarintField(5, size);
  pbf.writeFixed32Field(6, checksum);
  return pbf.finish();
}

function writeShape(shape: readonly number[], pbf: PbfWriter): void {
  for (const extent of shape)
    pbf.writeMessage(2, (size, inner) => size !== 0 && inner.writeVarintField(1, size), extent);
}
