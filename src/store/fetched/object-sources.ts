import { join } from 'node:path';
import type { Json } from '../../graph/plan.ts';
import type { Bucket, ObjectFacts } from '../../objects/bucket.ts';
import { openLanes } from '../../objects/lanes.ts';
import { isObjectUrl, parseObjectUrl } from '../../objects/object-url.ts';
import { isPlainPath } from '../../objects/plain-path.ts';
import { RemoteError } from '../../objects/remote-error.ts';
import { digestTree } from '../digest/digest-tree.ts';
import { storeLayout } from '../layout.ts';
import { newHolderId } from '../locks/holder.ts';
import type { Digest, FileRecord } from '../result.ts';
import { isSealed, statusOf } from '../seal.ts';
import { openSegments, type Row } from '../segments.ts';
import type { Sources } from '../store.ts';
import { ifWritable } from '../store-error.ts';
import { openFetchedFiles } from './fetched-files.ts';
import { listObjects } from './object-listing.ts';

/** Opens a bucket by its name. Rejects with a `RemoteError`. */
export type OpenBucketByName = (bucket: string) => Promise<Bucket>;

interface Fetched {
  readonly digest: Digest;
  /** Where a stage reads it. */
  readonly place: string;
  readonly folder: string;
  readonly files: readonly FileRecord[];
}

const manySegments = 16;

/**
 * Sources with objects among them: a `gs://` path is a file, or all that lies below it. Each process looks once whether the objects are
 * still the ones whose content is known: by generation, or by size and checksums. What is not known is fetched, once, into the cache folder.
 */
export function withObjectSources(local: Sources, cacheDirectory: string, open: OpenBucketByName): Sources {
  const directory = storeLayout(cacheDirectory).fetched;
  const fetchedFiles = openFetchedFiles(directory);
  const found = new Map<string, Fetched>();
  const underway = new Map<string, Promise<Digest>>();
  let known: ReturnType<typeof openKnownObjects> | undefined;

  const contentOf = async (bucket: Bucket, bucketName: string, facts: ObjectFacts): Promise<FileRecord> => {
    known ??= openKnownObjects(join(directory, 'known'));
    const url = `gs://${bucketName}/${facts.name}`;
    const content = known.contentOf(url, facts);
    if (content !== undefined && (await fetchedFiles.has(content.digest, content.size))) {
      return { path: '', ...content, executable: false };
    }
    const added = await fetchedFiles.add(async (path) => {
      const { generation, size } = facts;
      if (await bucket.download(facts.name, path, { generation })) return;
      throw new RemoteError(
        'refused',
        `${url} (${size} bytes) was replaced or deleted while it was fetched: run again`,
      );
    });
    known.remember(url, facts, added);
    return { path: '', ...added, executable: false };
  };

  const lookUp = async (url: string): Promise<Digest> => {
    const { bucket: name, path } = parseObjectUrl(url)!;
    const bucket = await open(name);
    const listing = await listObjects(bucket, path);
    if (listing === undefined) throw new RemoteError('refused', `${url} does not exist`);
    const odd = listing.files.find((file) => !isPlainPath(file.path));
    if (odd)
      throw new RemoteError(
        'refused',
        `${url} holds ${JSON.stringify(odd.facts.name)}, which cannot be the name of a file: rename it`,
      );
    const lanes = openLanes(bucket.parallel);
    const files = await Promise.all(
      listing.files.map((file) =>
        lanes(async (): Promise<FileRecord> => ({ ...(await contentOf(bucket, name, file.facts)), path: file.path })),
      ),
    );
    const folder = await fetchedFiles.folder(digestTree(files), files);
    const digest = listing.kind === 'file' ? files[0]!.digest : digestTree(files);
    const place = listing.kind === 'directory' ? folder : join(folder, path.slice(path.lastIndexOf('/') + 1));
    found.set(url, { digest, place, folder, files });
    return digest;
  };

  return {
    known: (path) => (isObjectUrl(path) ? found.get(path)?.digest : local.known(path)),
    digest(path) {
      if (!isObjectUrl(path)) return local.digest(path);
      const begun = underway.get(path) ?? lookUp(path).finally(() => underway.delete(path));
      underway.set(path, begun);
      return begun;
    },
    // What a stage read is the copy here, whatever became of the object.
    async unchanged(path, digest) {
      if (!isObjectUrl(path)) return await local.unchanged(path, digest);
      const fetched = found.get(path);
      return (
        fetched?.digest === digest && fetched.files.every((file) => isUntouched(join(fetched.folder, file.path), file))
      );
    },
    located: (path) => found.get(path)?.place ?? path,
    async save() {
      await local.save();
      ifWritable(() => known?.save());
    },
  };
}

function isUntouched(path: string, { size }: FileRecord): boolean {
  const status = statusOf(path);
  return status !== undefined && status.size === size && isSealed(status);
}

interface Content {
  readonly digest: Digest;
  /** In bytes; of an object that is stored compressed, of what it was. */
  readonly size: number;
}

/** Content of objects by what their bucket says of them: `[url, generation, size, crc32c, md5, digest, content's size]`. */
function openKnownObjects(directory: string) {
  const segments = openSegments(directory, newHolderId());
  const rows = new Map<string, Row>(segments.rows.map((row) => [String(row[1]), row]));
  const fresh: Json[][] = [];
  return {
    contentOf(url: string, { generation, size, crc32c, md5 }: ObjectFacts): Content | undefined {
      const row = rows.get(url);
      if (row === undefined || row[3] !== size) return undefined;
      // Written again with the same bytes. A CRC-32C alone is too short to say so.
      const isSame = row[2] === generation || (md5 !== undefined && row[5] === md5 && row[4] === (crc32c ?? ''));
      return isSame ? { digest: `sha256:${row[6]}`, size: Number(row[7] ?? size) } : undefined;
    },
    remember(url: string, { generation, size, crc32c = '', md5 = '' }: ObjectFacts, content: Content): void {
      const row = [url, generation, size, crc32c, md5, content.digest.slice('sha256:'.length), content.size];
      rows.set(url, [0, ...row]);
      fresh.push(row);
    },
    save(): void {
      if (fresh.length === 0) return;
      for (const row of segments.append(fresh)) rows.set(String(row[1]), row);
      fresh.length = 0;
      segments.close();
      if (segments.count >= manySegments) segments.compact([...rows.values()], () => false);
    },
  };
}
