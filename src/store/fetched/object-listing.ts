import { posix } from 'node:path';
import type { Bucket, ObjectFacts } from '../../objects/bucket.ts';

/** What a `gs://` source stands for. */
export interface ObjectListing {
  /** `stem`: the objects that are called `NAME.…`, as the files of a checkpoint are. */
  readonly kind: 'file' | 'directory' | 'stem';
  /** Paths relative to the directory; of a file or a stem, the objects' own names. */
  readonly files: readonly { readonly path: string; readonly facts: ObjectFacts }[];
}

/** The object of this name, else those below it, else those that it is the stem of; undefined if there are none. */
export async function listObjects(bucket: Bucket, name: string): Promise<ObjectListing | undefined> {
  const facts = name === '' ? undefined : await bucket.stat(name);
  if (facts !== undefined) return { kind: 'file', files: [{ path: posix.basename(name), facts }] };
  const below = name === '' ? '' : `${name}/`;
  const inside = await objectsBelow(bucket, below, below.length);
  if (inside.length > 0) return { kind: 'directory', files: inside };
  const beside = name === '' ? [] : await objectsBelow(bucket, `${name}.`, name.length - posix.basename(name).length);
  return beside.length > 0 ? { kind: 'stem', files: beside } : undefined;
}

/** Its kind alone, for which one object is enough to see: a prefix may hold millions. */
export async function kindOfObjects(bucket: Bucket, name: string): Promise<ObjectListing['kind'] | undefined> {
  if (name === '') return (await holdsAny(bucket, '')) ? 'directory' : undefined;
  if ((await bucket.stat(name)) !== undefined) return 'file';
  if (await holdsAny(bucket, `${name}/`)) return 'directory';
  return (await holdsAny(bucket, `${name}.`)) ? 'stem' : undefined;
}

async function holdsAny(bucket: Bucket, prefix: string): Promise<boolean> {
  for await (const { name } of bucket.list(prefix)) if (!isFolder(name)) return true;
  return false;
}

/** Some tools make empty objects that stand for folders. */
function isFolder(name: string): boolean {
  return name.endsWith('/');
}

async function objectsBelow(
  bucket: Bucket,
  prefix: string,
  skipped: number,
): Promise<ObjectListing['files'][number][]> {
  const files: { path: string; facts: ObjectFacts }[] = [];
  for await (const facts of bucket.list(prefix)) {
    if (!isFolder(facts.name)) files.push({ path: facts.name.slice(skipped), facts });
  }
  return files;
}
