import { digestFiles } from '../digest/digest-file.ts';
import { digestTree, sortedByPath } from '../digest/digest-tree.ts';
import type { FileRecord, OutputRecord } from '../result.ts';
import { isExecutable, sealFileMode, sealTime } from '../seal.ts';
import type { FoundOutput } from './check-outputs.ts';

/** Digests outputs and seals them: from here on any change to them shows. */
export async function recordOutputs(found: readonly FoundOutput[]): Promise<Record<string, OutputRecord>> {
  const files = found.flatMap((output) => output.files);
  for (const { absolute, status } of files) sealFileMode(absolute, status);
  const digests = await digestFiles(files.map(({ absolute, status }) => ({ path: absolute, size: status.size })));
  for (const { absolute } of files) sealTime(absolute);
  for (const output of found) for (const folder of output.folders) sealTime(folder);

  let next = 0;
  const records: Record<string, OutputRecord> = {};
  for (const output of found) {
    const contents = output.files.map(({ path, status }): FileRecord => {
      return { path, size: status.size, digest: digests[next++]!, executable: isExecutable(status) };
    });
    records[output.name] = output.kind === 'file' ? fileOutput(contents[0]!) : directoryOutput(contents);
  }
  return records;
}

function fileOutput({ digest, size, executable }: FileRecord): OutputRecord {
  return { kind: 'file', digest, size, ...(executable && { executable }) };
}

function directoryOutput(contents: readonly FileRecord[]): OutputRecord {
  const files = sortedByPath(contents);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return { kind: 'directory', digest: digestTree(files), size, files };
}
