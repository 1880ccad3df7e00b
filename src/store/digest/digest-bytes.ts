import { hash } from 'node:crypto';
import type { Digest } from '../result.ts';

/** SHA-256 of bytes, or of the UTF-8 of a string. */
export function digestBytes(bytes: Uint8Array | string): Digest {
  return `sha256:${hash('sha256', bytes)}`;
}
