import type { Instance, Plan } from '../../graph/plan.ts';
import type { Waiting } from '../../objects/bucket.ts';
import { eachInLanes } from '../../objects/lanes.ts';
import { type RemoteCache, trustedManifest } from '../../store/remote/remote-cache.ts';
import type { Key, Manifest } from '../../store/result.ts';
import { type Assessment, type AssessOptions, assess } from '../assess.ts';

/**
 * Takes over the manifests of all results of a plan that the remote holds and the store does not: what hangs on them is known to be
 * current from then on, whether their payload is fetched or not. `tell` hears of those that are not to be trusted.
 */
export async function adoptAll(
  plan: Plan,
  options: AssessOptions,
  remote: RemoteCache,
  tell: (message: string) => void,
  waiting?: Waiting,
): Promise<void> {
  const asked = new Set<Key>();
  for (;;) {
    const assessments = await assessReadable(plan, options);
    const missing = assessments.flatMap((assessment, index) =>
      assessment?.kind === 'stale' && assessment.reason === 'no-result' && !asked.has(assessment.key)
        ? [{ instance: plan.instances[index]!, key: assessment.key }]
        : [],
    );
    if (missing.length === 0) return;
    for (const { key } of missing) asked.add(key);
    await eachInLanes(remote.bucket.parallel, missing, async ({ instance, key }) => {
      const there = await trustedManifest(remote, key, tell, waiting);
      if (there !== undefined && isOf(instance, there.manifest)) options.store.adopt(there.manifest);
    });
  }
}

/** As `assessDigested`, save that sources which cannot be read stay undigested: the run says what is wrong with them. */
async function assessReadable(plan: Plan, options: AssessOptions): Promise<readonly (Assessment | undefined)[]> {
  const tried = new Set<string>();
  for (;;) {
    const assessments = assess(plan, options);
    const paths = assessments.flatMap((assessment) => (assessment?.kind === 'undigested' ? assessment.paths : []));
    const untried = [...new Set(paths)].filter((path) => !tried.has(path));
    if (untried.length === 0) return assessments;
    for (const path of untried) tried.add(path);
    await Promise.allSettled(untried.map((path) => options.sources.digest(path)));
  }
}

/** Somebody else wrote it: it must tell of the very outputs that the stage declares. */
export function isOf(instance: Instance, manifest: Manifest): boolean {
  const declared = Object.entries(instance.outputs);
  return (
    Object.keys(manifest.outputs).length === declared.length &&
    declared.every(([name, kind]) => manifest.outputs[name]?.kind === kind)
  );
}
