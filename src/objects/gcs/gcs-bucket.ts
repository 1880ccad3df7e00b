import type { FileMetadata, Storage } from '@google-cloud/storage';
import { shellQuote } from '../../shell-quote.ts';
import type { Bucket, Content, ObjectFacts, TransferOptions, Waiting } from '../bucket.ts';
import { openLanes } from '../lanes.ts';
import { describeFailure, RemoteError, requestFailure, unusableCredentials } from '../remote-error.ts';
import { unlessAborted, withRetries } from '../retry.ts';
import { downloadFile, type Media, readWhole } from './gcs-download.ts';
import { metadataOf, type Session, singleRequest, upload } from './gcs-upload.ts';

export interface GcsOptions {
  /** Base URL of an emulator or a private endpoint, without `/storage/v1`. */
  readonly endpoint?: string;
  /** Project that pays for requests to a bucket whose readers pay. */
  readonly billingProject?: string;
  /** Aborted when nothing of the bucket is waited for any more. */
  readonly signal?: AbortSignal;
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

  /** With the signal of a request, or one of the bucket's own. */
  const ended = <W extends Waiting>(waiting: W): W => {
    const signals = [waiting.signal, options.signal].filter((signal) => signal !== undefined);
    return signals.length === 0 ? waiting : { ...waiting, signal: AbortSignal.any(signals) };
  };

  /**
   * One request, or one transfer, with retries; what it fails with at last, in words. The client cannot be called back: who waits no more hears
   * no answer.
   */
  const asked = <T>(
    doing: 'read' | 'write',
    { signal }: Waiting,
    attempt: (failed: number) => Promise<T>,
  ): Promise<T> =>
    withRetries(signal, (failed) => unlessAborted(signal, attempt(failed))).catch((error) => {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof RemoteError || isLocal(error)) throw error;
      throw describeFailure(requestFailure(error), place.bucket, doing);
    });

  const stat = (name: string, waiting: Waiting) =>
    asked('read', waiting, async () => {
      const metadata = await metadataOf(fileOf(name));
      return metadata && factsOf(name, metadata);
    });

  const write = (name: string, content: Content, isNew: boolean, transfer: TransferOptions) => {
    const session: Session = {};
    const attempt = async (failed: number): Promise<'created' | 'exists'> => {
      try {
        await upload(fileOf(name), content, { ...transfer, isNew, session, isAgain: failed > 0 });
        return 'created';
      } catch (error) {
        if (isNew && requestFailure(error).status === 412) return 'exists';
        throw error;
      }
    };
    const isLarge = 'file' in content && content.size > singleRequest;
    return (isLarge ? large : lanes)(() => asked('write', transfer, attempt));
  };

  const opened: Bucket = {
    url,
    parallel,
    stat: (name, waiting = {}) => lanes(() => stat(name, ended(waiting))),
    async *list(prefix, waiting = {}) {
      let pageToken: string | undefined;
      do {
        const query = {
          prefix: `${root}${prefix}`,
          autoPaginate: false,
          ...(pageToken !== undefined && { pageToken }),
        };
        const [files, next] = await asked('read', ended(waiting), () => bucket.getFiles(query));
        for (const file of files) yield factsOf(file.name.slice(root.length), file.metadata);
        pageToken = (next as { pageToken?: string } | null)?.pageToken;
      } while (pageToken !== undefined);
    },
    read(name, waiting = {}) {
      const its = ended(waiting);
      return lanes(() => asked('read', its, () => readWhole(mediaOf(name), its.signal)));
    },
    create: (name, content, transfer = {}) => write(name, content, true, ended(transfer)),
    async replace(name, content, transfer = {}) {
      await write(name, content, false, ended(transfer));
    },
    remove: (name) =>
      lanes(() => asked('write', options, async () => void (await fileOf(name).delete({ ignoreNotFound: true })))),
    download(name, path, transfer = {}) {
      const its = ended(transfer);
      const ask = <T>(attempt: () => Promise<T>) => asked('read', its, attempt);
      return lanes(() => downloadFile(mediaOf(name, its.generation), path, its, ask));
    },
    removalCommand: (name) => `gcloud storage rm ${shellQuote(`${url}/${name}`)}`,
  };
  // A missing bucket and a missing object look alike from then on.
  await asked('read', options, () => bucket.getFiles({ prefix: root, maxResults: 1, autoPaginate: false }));
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
