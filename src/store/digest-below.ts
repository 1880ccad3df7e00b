import { digestOfPath } from './digest/digest-tree.ts';
import type { Journal } from './journal.ts';
import type { Digest, FileRecord, Key, Manifest } from './result.ts';

interface Contents {
  readonly digest: Digest;
  readonly files: readonly FileRecord[];
  readonly byPath: ReadonlyMap<string, Digest>;
}

/** So many directories are kept at hand: the shards of one are usually asked for one after the other. */
const keptDirectories = 8;

/** Digests of paths below directory outputs, by their manifests. */
export function pathDigests(journal: Journal, manifest: (key: Key) => Manifest | undefined) {
  const kept = new Map<string, Contents>();

  const contentsOf = (key: Key, output: string): Contents | undefined => {
    const name = `${key}/${output}`;
    const known = kept.get(name);
    if (known !== undefined && known.digest === journal.get(key)?.outputs[output]?.digest) return known;
    const record = manifest(key)?.outputs[output];
    if (record?.files === undefined) return undefined;
    const byPath = new Map(record.files.map((file) => [file.path, file.digest]));
    const contents = { digest: record.digest, files: record.files, byPath };
    kept.set(name, contents);
    if (kept.size > keptDirectories) kept.delete(kept.keys().next().value!);
    return contents;
  };

  return (key: Key, output: string, path: string): Digest | undefined => {
    const contents = contentsOf(key, output);
    return contents && (contents.byPath.get(path) ?? digestOfPath(contents.files, path));
  };
}
