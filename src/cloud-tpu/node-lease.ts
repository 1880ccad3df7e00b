/** The VM of a training, from when it is asked for until it is deleted: noted where a later process finds it, and told of meanwhile. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Held } from '../stage/held.ts';
import { deleteCommand, deleteNode, type TpuNode } from './tpu-node.ts';

export interface LeaseOptions {
  readonly project: string | undefined;
  readonly queued: boolean;
  readonly pollMs: number;
  /** Leaves the VM where it is when the stage is asked to stop: the trainer goes on, and the next run finds it. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  log(line: string): void;
  /** Told of the VM from when it is asked for until it is deleted. */
  holds(held: Held | undefined): void;
}

/** `asked`: it may be there or come, or not; `training`: the trainer was started on it. */
type NodeStage = 'asked' | 'ready' | 'training';

export interface NodeLease {
  /** Of the training; a later process has the same. */
  readonly id: string;
  readonly node: TpuNode | undefined;
  /** Before each attempt to make one. */
  asked(node: TpuNode): Promise<void>;
  ready(): void;
  training(): Promise<void>;
  /** Deletes it; whatever comes next has another. Rejects with `CloudTpuError`. */
  end(): Promise<void>;
  /** As `end`, unless the stage was asked to stop, and is to leave it training. */
  release(): Promise<void>;
}

/** What outlives this process: which training this is, its VM, and whether that trains. */
interface Memory {
  readonly id: string;
  readonly node?: TpuNode;
  readonly trains?: true;
}

/** So often a VM is tried to be deleted, and so long at most between. */
const deletions = 3;
const deletionPauseMs = 5_000;

/** `work`: the folder that a later process finds again. */
export async function openLease(work: string, options: LeaseOptions): Promise<NodeLease> {
  const { project, queued, keep, signal, log } = options;
  const file = join(work, 'tpu.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const memory: Memory = text === undefined ? { id: randomBytes(5).toString('hex') } : (JSON.parse(text) as Memory);
  const { id } = memory;
  let node = memory.node;
  let stage: NodeStage = memory.trains ? 'training' : 'asked';

  const note = async (its: TpuNode | undefined, reached: NodeStage) => {
    node = its;
    stage = reached;
    tell();
    const trains = reached === 'training' && { trains: true as const };
    await writeFile(file, JSON.stringify({ id, ...(its && { node: its }), ...trains } satisfies Memory));
  };
  const tell = () => {
    if (node === undefined) options.holds(undefined);
    else {
      const remedy = `it costs money until \`${deleteCommand(node, project, queued)}\``;
      const goesOn = stage === 'training' && ({ goesOn: keep ? 'always' : 'if-left' } as const);
      options.holds({ what: `TPU VM ${node.name}`, remedy, ...goesOn });
    }
  };
  const end = async () => {
    if (node === undefined) return;
    const wasMade = stage !== 'asked';
    stage = 'ready';
    tell();
    await deleteSurely(node, wasMade, options);
    log(`deleted ${node.name}`);
    await note(undefined, 'asked');
  };
  await note(node, stage);
  return {
    id,
    get node() {
      return node;
    },
    asked: (its) => note(its, 'asked'),
    ready() {
      if (stage === 'asked') stage = 'ready';
    },
    training: () => note(node, 'training'),
    end,
    async release() {
      if (!(keep && signal.aborted && stage === 'training')) await end();
    },
  };
}

/** One that was asked for, and never seen, may still come about after it was not found. */
async function deleteSurely(
  node: TpuNode,
  wasMade: boolean,
  { project, queued, pollMs, log }: LeaseOptions,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      if ((await deleteNode(node, project, queued)) || wasMade || tries === deletions) return;
    } catch (error) {
      if (tries === deletions) throw error;
      log((error as Error).message);
    }
    await sleep(Math.min(pollMs, deletionPauseMs));
  }
}
