import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where objects lie: a bucket of Google Cloud Storage, or a folder. */
export type ObjectPlace =
  | { readonly kind: 'gcs'; readonly bucket: string; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string };

/** Does this stand for an object, or a prefix of objects, in Google Cloud Storage? */
export function isObjectUrl(text: string): boolean {
  return text.startsWith('gs://');
}

/** `gs://bucket/path`; undefined if the bucket's name is none that there can be. `path` has no slash at its ends. */
export function parseObjectUrl(url: string): { readonly bucket: string; readonly path: string } | undefined {
  const match = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/s.exec(url);
  return match ? { bucket: match[1]!, path: (match[2] ?? '').replace(/^\/+|\/+$/g, '') } : undefined;
}

const places = 'gs://bucket/prefix, file:///path or a path';

/** `gs://bucket/prefix`, `file:///path`, or a path, which starts from `root`; a sentence where it is none of them. */
export function parsePlace(text: string, root: string): ObjectPlace | string {
  if (isObjectUrl(text)) {
    const parsed = parseObjectUrl(text);
    return parsed ? { kind: 'gcs', ...parsed } : `'${text}' names no bucket: write gs://bucket/prefix`;
  }
  if (text.trim() === '') return `a remote is ${places}`;
  if (/^file:\/\/[^/]/.test(text)) return { kind: 'directory', path: resolve(root, text.slice('file://'.length)) };
  if (text.startsWith('file:')) return placeOfFileUrl(text);
  if (/^[a-z][a-z\d+.-]*:/i.test(text)) return `'${text}' is no remote: write ${places}`;
  return { kind: 'directory', path: isAbsolute(text) ? text : resolve(root, text) };
}

function placeOfFileUrl(text: string): ObjectPlace | string {
  try {
    const { hash, search } = new URL(text);
    if (hash + search === '') return { kind: 'directory', path: fileURLToPath(text) };
  } catch {
    // As below.
  }
  return `'${text}' is no URL of a folder: write %25 for %, %23 for # and %3F for ?, or the plain path`;
}
