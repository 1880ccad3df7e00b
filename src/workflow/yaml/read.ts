import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { unreadable } from '../unreadable.ts';
import type { SourceText } from './source.ts';

const largest = 8 * 1024 * 1024;

type ReadResult =
  | { readonly ok: true; readonly source: SourceText; readonly digest: string }
  | { readonly ok: false; readonly message: string; readonly missing: boolean };

/** A workflow or config file as text; what a user can cause comes back as a message that follows the file's name. */
export function readSource(path: string): ReadResult {
  try {
    const facts = statSync(path);
    if (facts.isDirectory()) return { ok: false, message: 'is a directory, not a file', missing: false };
    if (facts.size > largest) {
      const size = (facts.size / 1024 / 1024).toFixed(1);
      return { ok: false, message: `has ${size} MiB; the limit is ${largest / 1024 / 1024} MiB`, missing: false };
    }
    const bytes = readFileSync(path);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { ok: true, source: { name: path, text }, digest };
  } catch (error) {
    return { ok: false, ...readFailure(error) };
  }
}

function readFailure(error: unknown): { message: string; missing: boolean } {
  const message = unreadable(error);
  if (message !== undefined) return { message, missing: message === 'does not exist' };
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { message: 'is not UTF-8', missing: false };
  throw error;
}
