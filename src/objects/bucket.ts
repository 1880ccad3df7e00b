/** What is asked of a place that holds objects by name. Names are `/`-separated, and relative to the place's prefix. */

export interface ObjectFacts {
  readonly name: string;
  readonly size: number;
  /** Changes whenever the object is written. */
  readonly generation: string;
  /** Base64, as Google Cloud Storage has them; a folder has neither, a composed object no MD5. */
  readonly crc32c?: string;
  readonly md5?: string;
}

export interface Bucket {
  /** For people: `gs://bucket/prefix`, or the path of the folder. */
  readonly url: string;
  /** Requests that may be under way at a time. */
  readonly parallel: number;
  /** The object, if it is there. */
  stat(name: string, options?: Waiting): Promise<ObjectFacts | undefined>;
  /** Objects whose name starts so, by name. */
  list(prefix: string, options?: Waiting): AsyncIterable<ObjectFacts>;
  /** The bytes of a small object; undefined if it is not there. */
  read(name: string, options?: Waiting): Promise<Uint8Array | undefined>;
  /** Writes an object that is not there yet: one that is there stays as it is. */
  create(name: string, content: Content, options?: TransferOptions): Promise<'created' | 'exists'>;
  /** Writes an object in place of what may be there. */
  replace(name: string, content: Content, options?: TransferOptions): Promise<void>;
  remove(name: string): Promise<void>;
  /** Fetches an object into a file that is not there yet. False if the object is not there. */
  download(name: string, path: string, options?: DownloadOptions): Promise<boolean>;
  /** How to delete an object by hand, for messages. */
  removalCommand(name: string): string;
}

export type Content = BytesContent | FileContent;

export interface BytesContent {
  readonly bytes: Uint8Array;
  readonly type?: string;
}

export interface FileContent {
  readonly file: string;
  readonly size: number;
  readonly type?: string;
}

export interface Waiting {
  /** Aborted when the answer is waited for no more. */
  readonly signal?: AbortSignal;
}

export interface TransferOptions extends Waiting {
  /** Bytes that moved since the last call; negative where a transfer starts again. */
  onBytes?(bytes: number): void;
}

export interface DownloadOptions extends TransferOptions {
  readonly generation?: string;
  /** What it must have, in bytes: one that is larger is not let onto the disk. */
  readonly size?: number;
}

/** Largest object that `read` takes into memory. */
export const largestRead = 256 * 2 ** 20;
