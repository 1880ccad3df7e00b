import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Publication } from '../../graph/plan.ts';
import { isObjectUrl } from '../../objects/object-url.ts';
import type { Completion } from '../../stage/published-copy.ts';
import { digestBytes } from '../../store/digest/digest-bytes.ts';
import { digestTree } from '../../store/digest/digest-tree.ts';
import type { Digest } from '../../store/result.ts';
import type { StoredResult } from '../../store/store.ts';
import type { RunContext } from '../context.ts';
import type { InputView } from '../inputs.ts';
import { completionOf } from './completion.ts';
import { type IsSame, replaceWithCopy } from './copy.ts';
import { provenance } from './provenance.ts';
import { publishObjects } from './publish-objects.ts';

/**
 * Copies an output to where people look for it, a path or `gs://…`, with `DESTINATION.provenance.json` beside it. False if the copy there is
 * already the same. Throws with a sentence for people if the destination cannot be replaced.
 */
export async function publish(publication: Publication, result: StoredResult, context: RunContext): Promise<boolean> {
  const { view } = context;
  const { output, path } = publication.source;
  const destination = resolve(view.plan.root, publication.destination);
  const completion = result.payload === 'removed' ? {} : await completionOf(publication, result, context);
  if (isObjectUrl(publication.destination)) return await publishObjects(publication, result, completion, context);
  const digest = digestOfCopy(publication, result, completion, view);
  if (existsSync(destination)) {
    if ((view.sources.known(destination) ?? (await view.sources.digest(destination))) === digest) return false;
    refuseForeign(destination);
  }
  const source = join(view.store.outputPath(result.key, output), path ?? '');
  if (!existsSync(source)) throw new Error(`there is no ${path} in the output ${output}`);
  await replaceWithCopy(source, destination, sameFiles(result, publication, destination, completion, view), completion);
  writeFileSync(
    provenanceFile(destination),
    `${JSON.stringify(provenance(view.store, result.key, output), null, 2)}\n`,
  );
  return true;
}

/** Of the copy as it will be. */
function digestOfCopy(
  { source: { output, path } }: Publication,
  result: StoredResult,
  completion: Completion,
  { store }: InputView,
): Digest | undefined {
  if (path !== undefined) return store.digestBelow(result.key, output, path);
  const texts = Object.entries(completion);
  if (texts.length === 0) return result.outputs[output]?.digest;
  const kept = store
    .manifest(result.key)
    ?.outputs[output]?.files?.filter((file) => !Object.hasOwn(completion, file.path));
  const added = texts.map(([path, text]) => ({
    path,
    size: Buffer.byteLength(text),
    digest: digestBytes(text),
    executable: false,
  }));
  return digestTree([...(kept ?? []), ...added]);
}

function provenanceFile(destination: string): string {
  return `${destination}.provenance.json`;
}

/** What somebody else put there is not thrown away. */
function refuseForeign(destination: string): void {
  if (existsSync(provenanceFile(destination))) return;
  if (!statSync(destination).isDirectory())
    throw new Error(`${destination} is a file that no run published: move it away, or publish to another place`);
  if (readdirSync(destination).length > 0)
    throw new Error(`${destination} holds files that no run published: move them away, or publish to another place`);
}

/** Which files of the copy that is there are what the new one would hold, as far as their digests are remembered. */
function sameFiles(
  result: StoredResult,
  { source }: Publication,
  destination: string,
  completion: Completion,
  view: InputView,
): IsSame {
  const files = view.store.manifest(result.key)?.outputs[source.output]?.files ?? [];
  const below = source.path === undefined ? '' : `${source.path}/`;
  const digests = new Map(files.map(({ path, digest }) => [path, digest]));
  return (path) => {
    const digest = digests.get(`${below}${path}`);
    return (
      !Object.hasOwn(completion, path) && digest !== undefined && view.sources.known(join(destination, path)) === digest
    );
  };
}
