/**
 * TensorBoard's event files: TFRecords of tensorflow.Event (tensorflow/core/util/event.proto). `wall_time` is the step, so
 * that equal trainings write equal bytes; TensorBoard's axis "step" is what one looks at.
 */
import { PbfWriter } from 'pbf';
import { recordOverhead, writeRecord } from './tfrecord.ts';

export interface ScalarEvent {
  readonly step: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/** The bytes of an event file with these scalars. */
export function encodeEventFile(events: readonly ScalarEvent[]): Buffer {
  const version = new PbfWriter();
  version.writeDoubleField(1, 0);
  version.writeStringField(3, 'brain.Event:2');
  return Buffer.concat([version.finish(), ...events.map(encodeEvent)].map(framed));
}

/** Event { double wall_time = 1; int64 step = 2; Summary summary = 5 { Value value = 1 { string tag = 1; float simple_value = 2 } } }. */
function encodeEvent({ step, scalars }: ScalarEvent): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeDoubleField(1, step);
  pbf.writeVarintField(2, step);
  pbf.writeMessage(5, writeSummary, scalars);
  return pbf.finish();
}

function writeSummary(scalars: ScalarEvent['scalars'], pbf: PbfWriter): void {
  for (const [tag, value] of Object.entries(scalars)) {
    pbf.writeMessage(
      1,
      (_, entry) => {
        entry.writeStringField(1, tag);
        entry.writeFloatField(2, value);
      },
      undefined,
    );
  }
}

function framed(data: Uint8Array): Buffer {
  const record = Buffer.alloc(data.length + recordOverhead);
  writeRecord(record, 0, (at) => {
    record.set(data, at);
    return at + data.length;
  });
  return record;
}
