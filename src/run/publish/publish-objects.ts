import { posix } from 'node:path';
import { checksumOfFile } from '../../checksum/checksum-of-file.ts';
import { checksumText, crc32c } from '../../checksum/crc32c.ts';
import type { Publication } from '../../graph/plan.ts';
import type { Bucket, Content, ObjectFacts } from '../../objects/bucket.ts';
import { parseObjectUrl } from '../../objects/object-url.ts';
import type { Completion } from '../../stage/published-copy.ts';
import type { StoredResult } from '../../store/store.ts';
import type { RunContext } from '../context.ts';
import { provenance } from './provenance.ts';

/**
 * Copies an output to a bucket, with `DESTINATION.provenance.json` beside it: only what is not there, by size and checksum, is sent, and
 * what an earlier copy had besides is deleted. False if all was there already. Throws with a sentence for people.
 */
export async function publishObjects(
  publication: Publication,
  result: StoredResult,
  completion: Completion,
  context: RunContext,
): Promise<boolean> {
  const { view, openBucket } = context;
  const parsed = parseObjectUrl(publication.destination);
  if (!parsed?.path || !openBucket) throw new Error('a bucket and a path in it are needed: gs://bucket/path');
  const bucket = await openBucket(parsed.bucket);
  if (result.payload === 'removed') {
    if ((await keyOfCopy(bucket, `${parsed.path}.provenance.json`)) === result.key) return false;
    throw payloadRemoved();
  }
  const contents = contentsOf(publication, result, completion, context);
  const beside = `${parsed.path}.provenance.json`;
  const record = Buffer.from(
    `${JSON.stringify(provenance(view.store, result.key, publication.source.output), null, 2)}\n`,
  );
  const there = await objectsAt(bucket, parsed.path);
  const isOurs = (await bucket.stat(beside)) !== undefined;
  if (there.size > 0 && !isOurs) {
    throw new Error('objects are there that no run published: move them away, or publish to another place');
  }
  // From the first byte on it is known whose it is.
  const marked =
    !isOurs && (await replaceIfOther(bucket, beside, { bytes: record, type: 'application/json' }, undefined));
  const sent = await Promise.all(
    contents.map(({ path, content }) => {
      const name = path === '' ? parsed.path : `${parsed.path}/${path}`;
      const before = there.get(name);
      there.delete(name);
      return replaceIfOther(bucket, name, content, before);
    }),
  );
  await Promise.all([...there.keys()].map((name) => bucket.remove(name)));
  const hasChanged = marked || there.size > 0 || sent.includes(true);
  if (hasChanged && isOurs) await bucket.replace(beside, { bytes: record, type: 'application/json' });
  return hasChanged;
}

export function payloadRemoved(): Error {
  return new Error('the payload was removed; run with --force to make it again');
}

/** The result that the copy there is of, as its provenance says. */
async function keyOfCopy(bucket: Bucket, beside: string): Promise<unknown> {
  const bytes = await bucket.read(beside);
  try {
    return bytes && JSON.parse(Buffer.from(bytes).toString()).key;
  } catch {
    return undefined;
  }
}

/** What the copy is to hold, by path below the destination; empty for a file. */
function contentsOf(
  { source: { output, path = '' } }: Publication,
  result: StoredResult,
  completion: Completion,
  { view: { store } }: RunContext,
): { readonly path: string; readonly content: Content }[] {
  const record = store.manifest(result.key)?.outputs[output];
  const root = store.outputPath(result.key, output);
  if (record?.kind === 'file') return [{ path: '', content: { file: root, size: record.size } }];
  const below = path === '' ? '' : `${path}/`;
  const files = (record?.files ?? [])
    .filter((file) => file.path === path || file.path.startsWith(below))
    .map((file) => ({
      path: file.path === path ? '' : file.path.slice(below.length),
      content: { file: posix.join(root, file.path), size: file.size },
    }));
  const added = Object.entries(completion).map(([name, text]) => ({
    path: name,
    content: { bytes: Buffer.from(text) },
  }));
  return [...files.filter((file) => !Object.hasOwn(completion, file.path)), ...added];
}

/** The object of this name, and those below it. */
async function objectsAt(bucket: Bucket, path: string): Promise<Map<string, ObjectFacts>> {
  const own = await bucket.stat(path);
  const objects = new Map<string, ObjectFacts>(own ? [[path, own]] : []);
  for await (const facts of bucket.list(`${path}/`)) objects.set(facts.name, facts);
  return objects;
}

async function replaceIfOther(
  bucket: Bucket,
  name: string,
  content: Content,
  there: ObjectFacts | undefined,
): Promise<boolean> {
  if (there !== undefined && (await isSame(content, there))) return false;
  await bucket.replace(name, content);
  return true;
}

async function isSame(content: Content, there: ObjectFacts): Promise<boolean> {
  if ('bytes' in content)
    return there.size === content.bytes.byteLength && there.crc32c === checksumText(crc32c(content.bytes));
  return there.size === content.size && there.crc32c === (await checksumOfFile(content.file));
}
