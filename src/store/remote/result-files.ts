import type { Digest, Manifest } from '../result.ts';

/** A file of a result, as its manifest tells of it. */
export interface ResultFile {
  /** `OUTPUT`, or `OUTPUT/PATH` of a directory's: where it lies below the result's folder. */
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
  readonly executable: boolean;
}

export function resultFiles({ outputs }: Manifest): ResultFile[] {
  return Object.entries(outputs).flatMap(([name, { kind, size, digest, executable = false, files = [] }]) =>
    kind === 'file'
      ? [{ path: name, size, digest, executable }]
      : files.map((file) => ({ ...file, path: `${name}/${file.path}` })),
  );
}
