import type { FileMetadata, Storage } from '@google-cloud/storage';
import type { Bucket, Content, ObjectFacts, TransferOptions } from '../bucket.ts';
import { openLanes } from '../lanes.ts';
import { describeFailure, RemoteError, requestFailure, unusableCredentials } from '../remote-error.ts';
import { withRetries } from '../retry.ts';
import { downloadFile, type Media, readWhole } from './gcs-download.ts';
import { metadataOf, type Session, singleRequest, upload } from './gcs-upload.ts';

export interface GcsOptions {
  /** Base URL of an emulator or a private endpoint, without `/storage/v1`. */
  readonly endpoint?: string;
  /** Project that pays for requests to a bucket whose readers pay. */
  readonly billingProject?: string;
}

/** Large transfers at a time: more would only share the line. */
const largeTransfers = 4;

/** Opens a bucket of Google Cloud Storage; the client is loaded only now. Rejects with a `RemoteError` if it cannot be read. */
export async function openGcsBucket(
  place: { readonly bucket: string; readonly path: string },
  parallel: number,
  options: GcsOptions,
): Promise<Bucket> {
  const client = await openClient(options);
  if (isGoogle(client.apiEndpoint)) await checkCredentials(client, place.bucket);
  const bucket = client.bucket(place.bucket, options.billingProject ? { userProject: options.billingProject } : {});
  const root = place.path === '' ? '' : `${place.path}/`;
  const url = `gs://${place.bucket}${place.path && `/${place.path}`}`;
  const lanes = openLanes(parallel);
  const large = openLanes(largeTransfers);
  const fileOf = (name: string) => bucket.file(`${root}${name}`);
  const mediaOf = (name: string, generation?: string): Media => {
    const object = `${client.apiEndpoint}/storage/v1/b/${place.bucket}/o/${encodeURIComponent(`${root}${name}`)}`;
    const query = new URLSearchParams({
      alt: 'media',
      ...(generation !== undefined && { generation }),
      ...(options.billingProject !== undefined && { userProject: options.billingProject }),
    });
    const headers = async () => (isGoogle(client.apiEndpoint) ? await client.authClient.getRequestHeaders(object) : {});
    return { url: `${url}/${name}`, address: `${object}?${query}`, headers };
  };

  /** One request, or one transfer, with retries; what it fails with at last, in words. */
  const asked = <T>(
    doing: 'read' | 'write',
    attempt: (failed: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> =>
    withRetries(signal, attempt).catch((error) => {
      if (signal?.aborted || error instanceof RemoteError || isLocal(error)) throw error;
      throw describeFailure(requestFailure(error), place.bucket, doing);
    });

  const stat = (name: string) =>
    asked('read', async () => {
      const metadata = await metadataOf(fileOf(name));
      return metadata && factsOf(name, metadata);
    });

  const write = (name: string, content: Content, isNew: boolean, { signal, onBytes }: TransferOptions) => {
    const session: Session = {};
    const attempt = async (failed: number): Promise<'created' | 'exists'> => {
      try {
        await upload(fileOf(name), content, { isNew, session, isAgain: failed > 0, onBytes });
        return 'created';
      } catch (error) {
        if (isNew && requestFailure(error).status === 412) return 'exists';
        throw error;
      }
    };
    const isLarge = 'file' in content && content.size > singleRequest;
    return (isLarge ? large : lanes)(() => asked('write', attempt, signal));
  };

  const opened: Bucket = {
    url,
    parallel,
    stat: (name) => lanes(() => stat(name)),
    async *list(prefix) {
      let pageToken: string | undefined;
      do {
        const query = {
          prefix: `${root}${prefix}`,
          autoPaginate: false,
          ...(pageToken !== undefined && { pageToken }),
        };
        const [files, next] = await asked('read', () => bucket.getFiles(query));
        for (const file of files) yield factsOf(file.name.slice(root.length), file.metadata);
        pageToken = (next as { pageToken?: string } | null)?.pageToken;
      } while (pageToken !== undefined);
    },
    read: (name) => lanes(() => asked('read', () => readWhole(mediaOf(name)))),
    create: (name, content, transfer = {}) => write(name, content, true, transfer),
    async replace(name, content, transfer = {}) {
      await write(name, content, false, transfer);
    },
    remove: (name) =>
      lanes(() => asked('write', async () => void (await fileOf(name).delete({ ignoreNotFound: true })))),
    download: (name, path, transfer = {}) =>
      lanes(() =>
        downloadFile(mediaOf(name, transfer.generation), path, transfer, (attempt) =>
          asked('read', attempt, transfer.signal),
        ),
      ),
    removalCommand: (name) => `gcloud storage rm '${url}/${name}'`,
  };
  // A missing bucket and a missing object look alike from then on.
  await asked('read', () => bucket.getFiles({ prefix: root, maxResults: 1, autoPaginate: false }));
  return opened;
}

async function openClient({ endpoint, billingProject }: GcsOptions) {
  const { IdempotencyStrategy, Storage } = await import('@google-cloud/storage');
  return new Storage({
    // Retries are ours: these would take no notice of Retry-After.
    retryOptions: {
      autoRetry: false,
      idempotencyStrategy: IdempotencyStrategy.RetryNever,
      retryableErrorFn: () => false,
    },
    ...(endpoint !== undefined && { apiEndpoint: endpoint, projectId: billingProject ?? 'kumiki' }),
  });
}

/** Reads the credentials before they are needed, so that what is wrong with them is told as that. None at all may do for a public bucket. */
async function checkCredentials(client: Storage, bucket: string): Promise<void> {
  try {
    await client.authClient.getClient();
  } catch (error) {
    const { message } = error as Error;
    if (!message.includes('Could not load the default credentials')) throw unusableCredentials(bucket, message);
  }
}

function factsOf(name: string, metadata: FileMetadata): ObjectFacts {
  const { size = 0, generation = '', crc32c, md5Hash } = metadata;
  return {
    name,
    size: Number(size),
    generation: String(generation),
    ...(crc32c && { crc32c }),
    ...(md5Hash && { md5: md5Hash }),
  };
}

/** Emulators and proxies are not given credentials, as the client does not either. */
function isGoogle(endpoint: string): boolean {
  return /(^|\.)googleapis\.com$/.test(new URL(endpoint).hostname);
}

/** A full disk here is the store's to tell of. */
function isLocal(error: unknown): boolean {
  const { path, code = '' } = error as NodeJS.ErrnoException;
  return path !== undefined || ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(code);
}
