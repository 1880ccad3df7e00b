/** A process that works on the store named by its argument as its parent tells it. */
import { spawn } from 'node:child_process';
import { openStore } from '../../src/store/open-store.ts';
import type { Key } from '../../src/store/result.ts';
import type { Attempt, Claim, Holder } from '../../src/store/store.ts';
import { type Contents, declare, facts, write } from './rig.ts';

export type Order =
  | { readonly do: 'claim'; readonly key: Key; readonly rebuild?: boolean }
  | { readonly do: 'begin'; readonly contents: Contents; readonly resume?: string }
  | { readonly do: 'write'; readonly contents: Contents }
  /** Starts a process in a group of its own that would live on, and notes the group. */
  | { readonly do: 'start group' }
  | { readonly do: 'commit' }
  | { readonly do: 'release' }
  | { readonly do: 'build'; readonly key: Key; readonly contents: Contents }
  | { readonly do: 'lease'; readonly keys: readonly Key[] }
  | { readonly do: 'find'; readonly key: Key }
  | { readonly do: 'close' };

export interface Report {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly holder?: Holder;
  readonly ready?: true;
}

const store = await openStore(process.argv[2]!, { kumiki: '0.0.0' });
const report = (message: Report) => process.send!(message);
let claim: Claim | undefined;
let attempt: Attempt | undefined;

process.on('message', async ({ id, order }: { id: number; order: Order }) => {
  try {
    report({ id, value: await obey(order) });
  } catch (error) {
    report({ id, error: String(error) });
  }
});
report({ ready: true });

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'claim':
      return claimOrFind(order.key, order.rebuild);
    case 'begin':
      attempt = await claim!.begin({
        outputs: declare(order.contents),
        ...(order.resume !== undefined && { resume: order.resume }),
      });
      return { ...attempt };
    case 'write':
      return write(attempt!, order.contents);
    case 'start group': {
      const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
      attempt!.noteProcessGroup(child.pid!);
      child.unref();
      return child.pid;
    }
    case 'commit':
      return attempt!.commit(facts());
    case 'release':
      return claim!.release();
    case 'build': {
      if ((await claimOrFind(order.key)) === 'found') return 'found';
      attempt = await claim!.begin({ outputs: declare(order.contents) });
      write(attempt, order.contents);
      const committed = await attempt.commit(facts());
      await claim!.release();
      return committed.ok ? 'built' : committed.failure.message;
    }
    case 'lease':
      return store.lease(order.keys);
    case 'find':
      return store.find(order.key);
    case 'close':
      return store.close();
  }
}

async function claimOrFind(key: Key, rebuild = false): Promise<'claimed' | 'found'> {
  const signal = AbortSignal.timeout(60_000);
  const result = await store.claim(key, { signal, onWait: (holder) => report({ holder }), rebuild });
  if (!('begin' in result)) return 'found';
  claim = result;
  return 'claimed';
}
