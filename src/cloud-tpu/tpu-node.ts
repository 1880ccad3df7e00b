/** TPU VMs: made, looked at, deleted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudTpuError, gcloudFailure, gcloudTpus, passing, patience } from './gcloud.ts';

export interface NodeOptions {
  readonly project: string | undefined;
  readonly acceleratorType: string;
  /** Of the runtime, e.g. tpu-vm-tf-2.11.0. */
  readonly version: string;
  readonly spot: boolean;
  /** Waits in line for it, as a queued resource. */
  readonly queued: boolean;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  log(line: string): void;
}

export interface TpuNode {
  readonly name: string;
  readonly zone: string;
}

/** `unknown`: Google was not reached. */
export type NodeState = 'ready' | 'coming' | 'lost' | 'absent' | 'unknown';

/** All that kumiki makes are called so. */
export const namePrefix = 'kumiki-';

/** Makes the node in the first zone that has one, and waits until it is ready. `note` is told of each attempt before it is made. */
export async function createNode(
  name: string,
  zones: readonly string[],
  options: NodeOptions,
  note: (node: TpuNode) => Promise<void>,
): Promise<TpuNode> {
  const refused: string[] = [];
  for (const zone of zones) {
    const node = { name, zone };
    await note(node);
    options.log(`making ${options.spot ? 'spot ' : ''}${options.acceleratorType} ${name} in ${zone}`);
    try {
      await create(node, options);
      if (await isReadyInTime(node, options)) return node;
      refused.push(`${zone}: it was lost before it was ready`);
    } catch (error) {
      if (!(error instanceof CloudTpuError) || !['capacity', 'quota'].includes(error.trouble)) throw error;
      refused.push(error.message);
      options.log(error.message);
    }
    // Also what was made though the answer said otherwise.
    await deleteNode(node, options.project, options.queued);
  }
  throw new CloudTpuError('capacity', `no zone has a ${options.acceleratorType}:\n${refused.join('\n')}`);
}

async function create({ name, zone }: TpuNode, options: NodeOptions): Promise<void> {
  const { acceleratorType, version, spot, queued, project, signal } = options;
  const place = [`--zone=${zone}`, `--accelerator-type=${acceleratorType}`, ...(spot ? ['--spot'] : [])];
  const made = queued
    ? ['queued-resources', 'create', name, `--node-id=${name}`, ...place, `--runtime-version=${version}`]
    : ['tpu-vm', 'create', name, ...place, `--version=${version}`];
  const answer = await gcloudTpus(made, project, signal);
  // An answer that was lost on the way, or an earlier call: what counts is whether it is there. Nobody else has the name.
  if (answer.ok || (await stateOf({ name, zone }, project, signal)) !== 'absent') return;
  if (!/ALREADY_EXISTS/.test(answer.stderr)) throw gcloudFailure(zone, answer);
}

async function isReadyInTime(node: TpuNode, { project, pollMs, queued, signal }: NodeOptions): Promise<boolean> {
  let failures = 0;
  for (;;) {
    const { state, why } = await stateIfReached(node, project, signal);
    failures = state === 'unknown' ? failures + 1 : 0;
    if (failures > patience) throw new CloudTpuError('failed', why);
    if (state === 'ready') return true;
    if (state === 'lost') return false;
    if (state === 'absent') {
      const waits = queued && (await isInLine(node, project, signal));
      if (!waits) return false;
    }
    await sleep(pollMs, undefined, { signal });
  }
}

async function isInLine({ name, zone }: TpuNode, project: string | undefined, signal: AbortSignal): Promise<boolean> {
  const format = '--format=value(state.state)';
  const answer = await gcloudTpus(['queued-resources', 'describe', name, `--zone=${zone}`, format], project, signal);
  return answer.ok && !['FAILED', 'SUSPENDED', 'SUSPENDING', 'DELETING'].includes(answer.stdout.trim());
}

/** `why`: what gcloud said if Google was not reached. Rejects with what does not pass, such as a missing permission. */
export async function stateIfReached(
  node: TpuNode,
  project: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly state: NodeState; readonly why: string }> {
  try {
    return { state: await stateOf(node, project, signal), why: '' };
  } catch (error) {
    return { state: 'unknown', why: passing(error) };
  }
}

/** Rejects if gcloud cannot tell. */
async function stateOf({ name, zone }: TpuNode, project: string | undefined, signal?: AbortSignal): Promise<NodeState> {
  const answer = await gcloudTpus(['tpu-vm', 'describe', name, `--zone=${zone}`, '--format=json'], project, signal);
  if (!answer.ok) {
    if (/NOT_FOUND|was not found/.test(answer.stderr)) return 'absent';
    throw gcloudFailure(zone, answer);
  }
  const { state, health = '' } = JSON.parse(answer.stdout) as { state: string; health?: string };
  if (/MAINTENANCE/.test(`${state} ${health}`)) return 'lost';
  if (state === 'READY') return 'ready';
  return ['CREATING', 'STARTING', 'RESTARTING', 'REIMAGING'].includes(state) ? 'coming' : 'lost';
}

/** The command that deletes it by hand. */
export function deleteCommand({ name, zone }: TpuNode, project: string | undefined, queued: boolean): string {
  const options = [...(project === undefined ? [] : [`--project ${project}`]), ...(queued ? ['--queued'] : [])];
  return [`kumiki tpu delete ${name} --zone ${zone}`, ...options].join(' ');
}

/** Deletes it, whatever state it is in; false if it is not there, which is no error. */
export async function deleteNode(
  { name, zone }: TpuNode,
  project: string | undefined,
  queued: boolean,
): Promise<boolean> {
  const command = queued ? ['queued-resources', 'delete', name, '--force'] : ['tpu-vm', 'delete', name];
  const answer = await gcloudTpus([...command, `--zone=${zone}`], project);
  if (answer.ok) return true;
  if (/NOT_FOUND|was not found/.test(answer.stderr)) return false;
  const failure = gcloudFailure(`${name} in ${zone} could not be deleted`, answer);
  throw new CloudTpuError(
    'failed',
    `${failure.message}\nIt costs money until it is: ${deleteCommand({ name, zone }, project, queued)}`,
  );
}

export interface ListedNode extends TpuNode {
  /** Of Google: READY, PREEMPTED, WAITING_FOR_RESOURCES … */
  readonly state: string;
  /** Not of one that waits in line. */
  readonly acceleratorType?: string;
  readonly created: string;
  /** Made or still asked for as a queued resource, and deleted as one. */
  readonly queued: boolean;
}

/** The nodes of a project that kumiki made or waits in line for, in all zones or in one. `note`: told if the line cannot be looked at. */
export async function listNodes(
  project: string | undefined,
  zone: string,
  note: (problem: string) => void,
): Promise<ListedNode[]> {
  const queue = await list<QueuedResource>('queued-resources', 'queuedResources', project, zone).catch((error) => {
    if (!(error instanceof CloudTpuError)) throw error;
    note(error.message);
    return [];
  });
  const nodes = await list<Node>('tpu-vm', 'nodes', project, zone);
  const isQueued = new Set(queue.map(placeOf));
  const there = new Set(nodes.map(placeOf));
  const waiting = queue.filter((resource) => !there.has(placeOf(resource)));
  return [
    ...nodes.map((node) => ({ ...node, created: node.createTime ?? '', queued: isQueued.has(placeOf(node)) })),
    ...waiting.map((resource) => ({
      ...resource,
      state: resource.state?.state ?? '?',
      created: resource.createTime ?? '',
      queued: true,
    })),
  ];
}

type Node = { readonly state: string; readonly acceleratorType: string; readonly createTime?: string };
type QueuedResource = { readonly state?: { readonly state?: string }; readonly createTime?: string };

const placeOf = ({ name, zone }: TpuNode) => `${zone}/${name}`;

async function list<T extends object>(
  command: string,
  collection: string,
  project: string | undefined,
  zone: string,
): Promise<(T & TpuNode)[]> {
  const answer = await gcloudTpus([command, 'list', `--zone=${zone}`, '--format=json'], project);
  if (!answer.ok) throw gcloudFailure(`cannot list ${command}`, answer);
  const path = new RegExp(`locations/([^/]+)/${collection}/([^/]+)$`);
  return (JSON.parse(answer.stdout || '[]') as (T & { readonly name: string })[]).flatMap((found) => {
    const [, zone = '', name = ''] = path.exec(found.name) ?? [];
    return name.startsWith(namePrefix) ? [{ ...found, name, zone }] : [];
  });
}
