import { RecordError, readRecords } from '../../tensorflow/tfrecord.ts';
import { instanceFeatures } from './instance-features.ts';
import { instanceText } from './instance-text.ts';
import { recordFiles } from './record-files.ts';

export interface Inspection {
  readonly tokenOf: (id: number) => string;
  readonly skip: number;
  readonly limit: number;
}

/** Some records of files and directories as text. Throws `RecordError` for damage, also in what is skipped. */
export async function* inspectRecords(
  paths: readonly string[],
  { tokenOf, skip, limit }: Inspection,
): AsyncGenerator<string> {
  const end = skip + limit;
  let index = 0;
  for (const path of await recordFiles(paths)) {
    let number = 0;
    for await (const bytes of readRecords(path)) {
      if (index >= end) return;
      if (index++ >= skip) yield `${path} record ${number}: ${recordText(bytes, path, number, tokenOf)}`;
      number++;
    }
  }
}

function recordText(bytes: Uint8Array, path: string, number: number, tokenOf: Inspection['tokenOf']): string {
  try {
    return instanceText(instanceFeatures(bytes), tokenOf).join('\n');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RecordError(`${path}: record ${number} is not one of pretraining data: ${error.message}.`);
  }
}

/** Reads every record of files and directories, checksums checked: records and bytes of data in each file. */
export async function* countRecords(
  paths: readonly string[],
): AsyncGenerator<{ readonly path: string; readonly records: number; readonly bytes: number }> {
  for (const path of await recordFiles(paths)) {
    let records = 0;
    let bytes = 0;
    for await (const record of readRecords(path)) {
      records++;
      bytes += record.length;
    }
    yield { path, records, bytes };
  }
}
