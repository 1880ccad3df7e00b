import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Adapter, missingPackages } from './dawn.ts';

export type FoundAdapter =
  | ({ readonly kind: 'adapter' } & Adapter)
  | { readonly kind: 'no-package' }
  | { readonly kind: 'no-adapter' }
  /** There is something that does not work. */
  | { readonly kind: 'broken'; readonly why: string };

let found: FoundAdapter | undefined;

/** The adapter that WebGPU computes on here, found once, in a process of its own: Dawn writes to stderr, and drivers crash. */
export function findAdapter(): FoundAdapter {
  found ??= missingPackages().length > 0 ? { kind: 'no-package' } : probed();
  return found;
}

/** A GPU, not a CPU that plays one. */
export function hasGpu(): boolean {
  const adapter = findAdapter();
  return adapter.kind === 'adapter' && !adapter.software;
}

function probed(): FoundAdapter {
  const script = fileURLToPath(new URL('./probe.js', import.meta.url));
  const { status, stdout, stderr, signal } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) {
    const why = /^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? signal ?? stderr.trim().split('\n').at(-1)!;
    return { kind: 'broken', why };
  }
  const adapter = JSON.parse(stdout) as Adapter | null;
  return adapter === null ? { kind: 'no-adapter' } : { kind: 'adapter', ...adapter };
}
