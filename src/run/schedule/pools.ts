import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Instance, Plan } from '../../graph/plan.ts';
import { formatAmount } from '../../workflow/units.ts';

export type Amounts = Readonly<Record<string, number>>;

/** Size of every pool: the workflow's limits, and the machine's cores and memory where it sets none. */
export function poolSizes(limits: Amounts): Amounts {
  return { cpu: availableParallelism(), memory: machineMemory(), ...limits };
}

/** Bytes that this process may use: the machine's memory, or the limit of the container that it runs in. */
function machineMemory(): number {
  const limits = ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes'].map((file) => {
    try {
      return Number(readFileSync(file, 'utf8')) || Number.POSITIVE_INFINITY;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  });
  return Math.min(totalmem(), ...limits);
}

/** What an instance asks for: one core unless it says otherwise. */
export function requestOf(instance: Instance): Amounts {
  return { cpu: 1, ...instance.resources };
}

/** What an attempt takes from this machine's pools: one that runs elsewhere, only what the workflow itself counts. */
export function shareOf(instance: Instance): Amounts {
  if (instance.executor === undefined || instance.executor === 'local') return requestOf(instance);
  const { cpu, memory, gpu, ...counted } = instance.resources;
  return counted;
}

/** A sentence for each stage with an instance that asks for more than a pool holds, and so could never start. */
export function impossibleRequests(plan: Plan, sizes: Amounts, needed: Uint8Array): readonly string[] {
  // Instances of a plan that ask for the same share one object.
  const possible = new Set<Instance['resources']>();
  const sentences = plan.instances.flatMap((instance) => {
    if (!needed[instance.index] || possible.has(instance.resources)) return [];
    const excessive = Object.entries(shareOf(instance)).filter(([pool, amount]) => amount > (sizes[pool] ?? 0));
    if (excessive.length === 0) possible.add(instance.resources);
    return excessive.map(([pool, amount]) => {
      const asks = `${instance.stage} asks for ${formatAmount(pool, amount)} ${pool}`;
      const size = sizes[pool];
      return size === undefined
        ? `${asks}, but there is no such pool; add it under limits`
        : `${asks}, more than the pool's ${formatAmount(pool, size)}; lower it or raise limits.${pool}`;
    });
  });
  return [...new Set(sentences)];
}

export interface Pools {
  take(request: Amounts): void;
  give(request: Amounts): void;
  /** Names of the pools that have too little left for a request. */
  lacking(request: Amounts): readonly string[];
}

export function createPools(sizes: Amounts): Pools {
  const free: Record<string, number> = { ...sizes };
  const lacking = (request: Amounts) =>
    Object.keys(request).filter((pool) => request[pool]! > (free[pool] ?? 0) + 1e-9);
  return {
    lacking,
    take(request) {
      for (const pool of Object.keys(request)) free[pool] = (free[pool] ?? 0) - request[pool]!;
    },
    give(request) {
      for (const pool of Object.keys(request)) free[pool] = (free[pool] ?? 0) + request[pool]!;
    },
  };
}
