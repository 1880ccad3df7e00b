import type { Command } from 'commander';
import { instanceMatcher } from '../../graph/instance-pattern.ts';
import type { Plan } from '../../graph/plan.ts';
import type { Waiting } from '../../objects/bucket.ts';
import { assessDigested } from '../../run/assess-digested.ts';
import { adoptAll } from '../../run/remote/adopt-manifests.ts';
import { openStore } from '../../store/open-store.ts';
import type { Movement } from '../../store/remote/movement.ts';
import { type RemoteCache, remoteKeys, trustedManifest } from '../../store/remote/remote-cache.ts';
import { pullResults, pushResults, type Transferred } from '../../store/remote/transfer-results.ts';
import type { Key } from '../../store/result.ts';
import type { Store } from '../../store/store.ts';
import { listResults } from '../../store/upkeep/list-results.ts';
import { keysOfRun } from '../../store/upkeep/uses-by-runs.ts';
import { movedText } from '../../ui/moved-text.ts';
import { formatBytes } from '../../ui/quantity.ts';
import { version } from '../../version.ts';
import { existingRun } from '../existing-run.ts';
import { openRemote, settingsOf } from '../open-remote.ts';
import { openWorkflow } from '../open-workflow.ts';
import { print, printJson } from '../print.ts';
import { cacheHere, rootHere } from '../workspace.ts';

interface ShareOptions {
  readonly workflow?: string;
  readonly run?: string;
  readonly remote?: string;
  readonly json?: true;
}

/** `kumiki cache push` and `kumiki cache pull`. */
export function defineSharing(command: Command): void {
  const both = [
    {
      name: 'push',
      description: 'send results to the remote: what one machine made, no other runs again',
      action: push,
    },
    { name: 'pull', description: 'fetch results from the remote', action: pull },
  ] as const;
  for (const { name, description, action } of both) {
    command
      .command(name)
      .description(description)
      .argument('[stage]', 'only of this stage or instance')
      .option('-w, --workflow <file>', 'only what this workflow comes to as it is now')
      .option('--run <run>', 'only what this run read or made')
      .option('--remote <url>', 'another remote than that of kumiki.yaml: gs://bucket/prefix, file:///path or a path')
      .option('--json', 'print what was moved as JSON')
      .action(action);
  }
}

async function push(stage: string | undefined, options: ShareOptions): Promise<void> {
  await share(stage, options, 'pushed', pushResults, async (store, _, isMeant) => {
    const wanted = options.workflow === undefined ? undefined : await keysOfWorkflow(options.workflow, {});
    const results = listResults(store.directory).filter(({ key, instance }) => isMeant(key, instance));
    return results.map(({ key }) => key).filter((key) => wanted === undefined || wanted.has(key));
  });
}

async function pull(stage: string | undefined, options: ShareOptions): Promise<void> {
  await share(stage, options, 'pulled', pullResults, async (_, remote, isMeant, waiting) => {
    if (options.workflow !== undefined)
      return [...(await keysOfWorkflow(options.workflow, { remote, stage, waiting }))];
    const keys: Key[] = [];
    for await (const key of remoteKeys(remote, waiting)) if (isMeant(key, undefined)) keys.push(key);
    if (stage === undefined) return keys;
    const manifests = await Promise.all(keys.map((key) => trustedManifest(remote, key, tell, waiting)));
    return manifests.flatMap((there) => {
      const manifest = there?.manifest;
      return manifest && isMeant(manifest.key, manifest.instance) ? [manifest.key] : [];
    });
  });
}

const tell = (message: string) => void process.stderr.write(`kumiki: ${message}\n`);

type IsMeant = (key: Key, instance: string | undefined) => boolean;

async function share(
  stage: string | undefined,
  options: ShareOptions,
  verb: string,
  transfer: typeof pushResults,
  choose: (store: Store, remote: RemoteCache, isMeant: IsMeant, waiting: Waiting) => Promise<readonly Key[]>,
): Promise<void> {
  const root = rootHere();
  const cache = cacheHere();
  const run = options.run === undefined ? undefined : new Set(keysOfRun(existingRun(cache, options.run).directory));
  const isStage = stage === undefined ? undefined : instanceMatcher(stage);
  const isMeant: IsMeant = (key, instance) =>
    (run?.has(key) ?? true) && (isStage === undefined || instance === undefined || isStage(instance));
  const remote = await openRemote(root, await settingsOf(root), options.remote);
  const store = await openStore(cache, { kumiki: version });
  const interrupted = new AbortController();
  const { signal } = interrupted;
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt);
  try {
    const keys = await choose(store, remote, isMeant, { signal });
    const progress = progressLine(verb);
    const transferred = await transfer(store, remote, keys, { signal, onProgress: progress.show });
    progress.clear();
    await store.flush();
    if (options.json) printJson({ remote: remote.bucket.url, ...transferred });
    else describe(transferred, verb, remote.bucket.url);
    if (transferred.failed.length > 0) process.exitCode = 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.stderr.write(`\nkumiki: interrupted: what was ${verb} so far is whole and stays\n`);
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', interrupt);
    await store.close();
  }
}

interface KnownFrom {
  readonly remote?: RemoteCache;
  readonly stage?: string | undefined;
  readonly waiting?: Waiting;
}

/** Keys of all that a workflow comes to, as far as they are known here, or in the remote. */
async function keysOfWorkflow(workflow: string, { remote, stage, waiting }: KnownFrom): Promise<ReadonlySet<Key>> {
  await using opened = await openWorkflow({ workflow });
  const { plan, store, sources } = opened;
  if (remote) await adoptAll(plan, { store, sources }, remote, tell, waiting);
  const isMeant = stage === undefined ? () => true : instanceMatcher(stage);
  return new Set(currentKeys(plan, await assessDigested(plan, { store, sources }), isMeant));
}

function currentKeys(
  plan: Plan,
  assessments: Awaited<ReturnType<typeof assessDigested>>,
  isMeant: (instance: string) => boolean,
): Key[] {
  return assessments.flatMap((assessment, index) => {
    const isKnown = assessment?.kind === 'current' || assessment?.kind === 'stale';
    return isKnown && isMeant(plan.instances[index]!.id) ? [assessment.key] : [];
  });
}

function describe({ moved, present, absent, failed, bytes }: Transferred, verb: string, url: string): void {
  for (const { message } of failed) process.stderr.write(`kumiki: ${message}\n`);
  const rest = [
    present > 0 ? `${present} there already` : '',
    absent.length > 0 ? `${absent.length} without payload` : '',
    failed.length > 0 ? `${failed.length} failed` : '',
  ].filter(Boolean);
  print(
    `${verb} ${moved.length} result${moved.length === 1 ? '' : 's'}, ${formatBytes(bytes)}: ${[url, ...rest].join('; ')}`,
  );
}

const lineEveryMs = 10_000;

/** On a terminal a line that is written over, elsewhere one now and then. */
function progressLine(verb: string) {
  const { stderr } = process;
  const everyMs = stderr.isTTY ? 100 : lineEveryMs;
  let last = Date.now();
  return {
    show(movement: Movement) {
      if (Date.now() - last < everyMs) return;
      last = Date.now();
      const text = `${verb} ${movedText(movement)}`;
      stderr.write(stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    },
    clear() {
      if (stderr.isTTY) stderr.write('\r\u001b[K');
    },
  };
}
