/** What a training needs and leaves in its bucket. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { digestFile } from '../fetch/digest-file.ts';
import { isEventFile } from '../model-garden/follow-training.ts';
import { checkpointFiles, readableRecords } from '../model-garden/trainer-files.ts';
import type { Bucket } from '../objects/bucket.ts';
import { openLanes } from '../objects/lanes.ts';
import { isPlainPath } from '../objects/plain-path.ts';

const uploadsAtOnce = 4;

/** Uploads files of records that are not there yet, unpacked: the trainer cannot read gzip. Their names hold their digests. */
export async function uploadRecords(
  bucket: Bucket,
  files: readonly string[],
  scratch: string,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<string[]> {
  const lanes = openLanes(uploadsAtOnce);
  return await Promise.all(
    files.map((file, i) =>
      lanes(async () => {
        const name = `records/${await digestFile(file)}.tfrecord`;
        if ((await bucket.stat(name)) !== undefined) return name;
        const folder = join(scratch, `upload-${i}`);
        try {
          const [path] = await readableRecords(folder, [file], signal);
          await bucket.create(name, { file: path!, size: (await stat(path!)).size }, { signal });
          log(`uploaded ${basename(file)} to ${bucket.url}/${name}`);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
        return name;
      }),
    ),
  );
}

/** Uploads a checkpoint's files below `folder`; returns the last part of its prefix. */
export async function uploadCheckpoint(
  bucket: Bucket,
  path: string,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const { prefix, files } = await checkpointFiles(path);
  for (const file of files) {
    await bucket.create(`${folder}/${basename(file)}`, { file, size: (await stat(file)).size }, { signal });
  }
  return basename(prefix);
}

/** Fetches what has changed of a model directory: its event files, or with `everything` its checkpoints too. A new checkpoint is told of. */
export function modelDirectoryFetcher(
  bucket: Bucket,
  folder: string,
  target: string,
  { signal, log }: { readonly signal: AbortSignal; log(line: string): void },
) {
  const seen = new Map<string, string>();
  const told = new Set<string>();
  return async (everything: boolean): Promise<void> => {
    for await (const { name, generation } of bucket.list(`${folder}/`)) {
      const path = name.slice(folder.length + 1);
      const [, checkpoint] = /^(ckpt-\d+)\.index$/.exec(path) ?? [];
      if (checkpoint !== undefined && !told.has(checkpoint)) log(`${checkpoint} is in the bucket`);
      if (checkpoint !== undefined) told.add(checkpoint);
      const isWanted = isEventFile(path) || (everything && /^(checkpoint$|ckpt-)/.test(path));
      // Its name becomes a path here: one that leaves the folder is no file of a training.
      if (!isWanted || !isPlainPath(path) || seen.get(name) === generation) continue;
      await mkdir(dirname(join(target, path)), { recursive: true });
      await rm(join(target, path), { force: true });
      if (await bucket.download(name, join(target, path), { signal })) seen.set(name, generation);
    }
  };
}
