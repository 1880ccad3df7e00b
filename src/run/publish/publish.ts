import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Publication } from '../../graph/plan.ts';
import type { StoredResult } from '../../store/store.ts';
import type { InputView } from '../inputs.ts';
import { type IsSame, replaceWithCopy } from './copy.ts';
import { provenance } from './provenance.ts';

/**
 * Copies an output to where people look for it, with `DESTINATION.provenance.json` beside it. False if the copy there is
 * already the same. Throws with a sentence for people if the destination cannot be replaced.
 */
export async function publish(publication: Publication, result: StoredResult, view: InputView): Promise<boolean> {
  if (/^[a-z][a-z\d+.-]*:\/\//.test(publication.destination)) throw new Error('it can only be a path of this machine');
  const { output, path } = publication.source;
  const destination = resolve(view.plan.root, publication.destination);
  const digest = path === undefined ? result.outputs[output]?.digest : view.store.digestBelow(result.key, output, path);
  if (existsSync(destination)) {
    if ((view.sources.known(destination) ?? (await view.sources.digest(destination))) === digest) return false;
    refuseForeignDirectory(destination);
  }
  const source = join(view.store.outputPath(result.key, output), path ?? '');
  await replaceWithCopy(source, destination, sameFiles(result, publication, destination, view));
  writeFileSync(
    provenanceFile(destination),
    `${JSON.stringify(provenance(view.store, result.key, output), null, 2)}\n`,
  );
  return true;
}

function provenanceFile(destination: string): string {
  return `${destination}.provenance.json`;
}

/** A directory that somebody else filled is not thrown away. */
function refuseForeignDirectory(destination: string): void {
  if (!statSync(destination).isDirectory() || existsSync(provenanceFile(destination))) return;
  if (readdirSync(destination).length === 0) return;
  throw new Error(`${destination} holds files that no run published: move them away, or publish to another place`);
}

/** Which files of the copy that is there are what the new one would hold, as far as their digests are remembered. */
function sameFiles(result: StoredResult, { source }: Publication, destination: string, view: InputView): IsSame {
  const files = view.store.manifest(result.key)?.outputs[source.output]?.files ?? [];
  const below = source.path === undefined ? '' : `${source.path}/`;
  const digests = new Map(files.map(({ path, digest }) => [path, digest]));
  return (path) => {
    const digest = digests.get(`${below}${path}`);
    return digest !== undefined && view.sources.known(join(destination, path)) === digest;
  };
}
