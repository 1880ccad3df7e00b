import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Publication } from '../../graph/plan.ts';
import type { Stage } from '../../stage/define.ts';
import { loadStage } from '../../stage/load-stage.ts';
import type { Completion, MadeResult } from '../../stage/published-copy.ts';
import type { Key, Manifest } from '../../store/result.ts';
import type { StoredResult } from '../../store/store.ts';
import type { RunContext } from '../context.ts';
import { closure, provenance } from './provenance.ts';

/** What the stage of a published directory adds to its copy: nothing, of most stages. */
export async function completionOf(
  publication: Publication,
  result: StoredResult,
  context: RunContext,
): Promise<Completion> {
  const { view } = context;
  const { source } = publication;
  const completeCopy = await completerOf(publication, context);
  if (completeCopy === undefined) return {};
  const described = (manifests: readonly Manifest[]) => manifests.map((manifest) => madeResult(manifest, context));
  return completeCopy({
    output: source.output,
    directory: view.store.outputPath(result.key, source.output),
    made: described(closure(view.store, result.key)),
    uses: described(madeFrom(result.key, context)),
    provenance: provenance(view.store, result.key, source.output),
  });
}

/** Instances that are published as a directory which their stage completes. */
export async function completedCopies(context: RunContext): Promise<ReadonlySet<number>> {
  const completed = new Set<number>();
  for (const publication of context.view.plan.publish) {
    if (await completerOf(publication, context)) completed.add(publication.source.instance);
  }
  return completed;
}

async function completerOf({ source }: Publication, { view, moduleOf }: RunContext): Promise<Stage['completeCopy']> {
  const instance = view.plan.instances[source.instance]!;
  if (source.path !== undefined || instance.action.kind === 'run') return undefined;
  if (instance.outputs[source.output] !== 'directory') return undefined;
  return (await loadStage(moduleOf(instance))).completeCopy;
}

function madeResult(
  { key, instance, recipe, outputs, seconds, kumiki, commit, run }: Manifest,
  context: RunContext,
): MadeResult {
  const { uses, with: parameters } = (recipe ?? {}) as { uses?: string; with?: MadeResult['parameters'] };
  return {
    instance,
    stage: uses,
    parameters: parameters ?? {},
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { digest }]) => [
        name,
        { digest, path: context.view.store.outputPath(key, name) },
      ]),
    ),
    seconds,
    version: kumiki,
    commit: commit ?? commitOfRun(run, context),
  };
}

/** Results of the run that were made from this one, in the plan's order. */
function madeFrom(key: Key, { view }: RunContext): Manifest[] {
  const manifests = view.plan.instances.flatMap((_, instance) => {
    const result = view.resultOf(instance);
    return (result && view.store.manifest(result.key)) ?? [];
  });
  const reached = new Set([key]);
  const isReached = ({ key, inputs }: Manifest) =>
    !reached.has(key) && inputs.some(({ keys }) => keys.some((from) => from !== null && reached.has(from)));
  for (let next = manifests.find(isReached); next; next = manifests.find(isReached)) reached.add(next.key);
  reached.delete(key);
  return manifests.filter((manifest, i) => reached.has(manifest.key) && manifests.indexOf(manifest) === i);
}

/** What the run that made a result noted, where its manifest does not say: its folder may be gone. */
function commitOfRun(run: string, { folder }: RunContext): string | undefined {
  try {
    const facts = JSON.parse(readFileSync(join(dirname(folder.directory), run, 'run.json'), 'utf8'));
    return facts.environment?.commit;
  } catch {
    return undefined;
  }
}
