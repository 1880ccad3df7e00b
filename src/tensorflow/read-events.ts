/** Reads the scalars of TensorBoard's event files: those of `tf.summary.scalar` (tensors) and of TensorFlow 1 (`simple_value`). */
import { PbfReader } from 'pbf';
import type { ScalarEvent } from './event-file.ts';
import { leadingRecords } from './tfrecord.ts';

/** The events that are whole; a file that is still being written may end in the middle of one. */
export function decodeEvents(bytes: Uint8Array): ScalarEvent[] {
  return leadingRecords(bytes).records.map(decodeEvent);
}

/** Event { int64 step = 2; Summary summary = 5 { Value value = 1 } }. */
function decodeEvent(bytes: Uint8Array): ScalarEvent {
  const event = { step: 0, scalars: {} as Record<string, number> };
  new PbfReader(bytes).readFields((field, into, pbf) => {
    if (field === 2) into.step = pbf.readVarint(true);
    else if (field === 5) pbf.readMessage(readSummary, into.scalars);
  }, event);
  return event;
}

function readSummary(field: number, scalars: Record<string, number>, pbf: PbfReader): void {
  if (field !== 1) return;
  const { tag, value } = pbf.readMessage(readValue, { tag: '', value: undefined as number | undefined });
  if (value !== undefined) scalars[tag] = value;
}

/** Value { string tag = 1; float simple_value = 2; TensorProto tensor = 8 }. */
function readValue(field: number, into: { tag: string; value: number | undefined }, pbf: PbfReader): void {
  if (field === 1) into.tag = pbf.readString();
  else if (field === 2) into.value = pbf.readFloat();
  else if (field === 8)
    into.value = pbf.readMessage(readTensor, { type: 0, value: undefined as number | undefined }).value;
}

const float32 = 1;

/** TensorProto { DataType dtype = 1; bytes tensor_content = 4; repeated float float_val = 5 [packed] } of a single number. */
function readTensor(field: number, into: { type: number; value: number | undefined }, pbf: PbfReader): void {
  if (field === 1) into.type = pbf.readVarint();
  else if (into.type !== float32) return;
  else if (field === 4) {
    const content = pbf.readBytes();
    if (content.length === 4) into.value = new DataView(content.buffer, content.byteOffset, 4).getFloat32(0, true);
  } else if (field === 5) into.value = pbf.readPackedFloat()[0];
}
