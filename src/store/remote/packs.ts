import type { Digest } from '../result.ts';
import type { ResultFile } from './result-files.ts';

/**
 * Small files of one result travel together: a request costs as much time as a hundred kilobytes. Where they are few, the manifest in the
 * remote holds them itself. Else in packs: the bytes of its members one after the other, an object by digest as any other; which it has,
 * the manifest says.
 */
export interface Pack {
  readonly digest: Digest;
  readonly members: readonly Digest[];
}

/** Up to this size a file is packed. */
const smallFile = 128 * 2 ** 10;

/** Bytes of a pack, at most: it is made and taken apart in memory. */
export const largestPack = 4 * 2 ** 20;

/** Bytes of small files that a manifest holds itself, at most: who only wants to know what is there reads them too. */
const largestInline = 16 * 2 ** 10;

/**
 * Files that the manifest holds, those to pack together, and those that travel on their own; no two of them have the same bytes. The same
 * files give the same packs.
 */
export function inPacks(files: readonly ResultFile[]): {
  readonly inline: readonly ResultFile[];
  readonly packs: readonly (readonly ResultFile[])[];
  readonly single: readonly ResultFile[];
} {
  const unique = [...new Map(files.map((file) => [file.digest, file])).values()];
  const small = unique.filter(({ size }) => size <= smallFile).sort((a, b) => (a.digest < b.digest ? -1 : 1));
  if (small.reduce((sum, { size }) => sum + size, 0) <= largestInline) {
    return { inline: small, packs: [], single: unique.filter(({ size }) => size > smallFile) };
  }
  const packs: ResultFile[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of small) {
    bytes += file.size;
    if (bytes > largestPack) {
      packs.push([]);
      bytes = file.size;
    }
    packs.at(-1)!.push(file);
  }
  const alone = packs.filter((pack) => pack.length === 1).flat();
  return {
    inline: [],
    packs: packs.filter((pack) => pack.length > 1),
    single: [...unique.filter(({ size }) => size > smallFile), ...alone],
  };
}

/** The bytes of each member of a pack; undefined if they do not add up to it. */
export function unpack(
  pack: Pack,
  bytes: Uint8Array,
  sizeOf: (digest: Digest) => number,
): Map<Digest, Uint8Array> | undefined {
  const contents = new Map<Digest, Uint8Array>();
  let at = 0;
  for (const member of pack.members) {
    const end = at + sizeOf(member);
    contents.set(member, bytes.subarray(at, end));
    at = end;
  }
  return at === bytes.length ? contents : undefined;
}
