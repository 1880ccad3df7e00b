import { existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';

/** What a run is made with beside the workflow, for those who look at it later; no key takes any of it. */
export function environment(root: string): Readonly<Record<string, string | number>> {
  const commit = commitOf(root);
  return {
    node: process.version,
    system: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: totalmem(),
    ...(commit !== undefined && { commit }),
  };
}

/** The commit that a checkout stands at; undefined outside of one. Read without git: a run that has nothing to do takes milliseconds. */
export function commitOf(root: string): string | undefined {
  const git = gitFolder(join(root, '.git'));
  const head = git && readIfThere(join(git, 'HEAD'));
  const branch = head && /^ref: (.+)/.exec(head)?.[1];
  if (!git || !branch) return head || undefined;
  const common = readIfThere(join(git, 'commondir'));
  const shared = common ? join(git, common) : git;
  const packed = readIfThere(join(shared, 'packed-refs'));
  const line = packed?.split('\n').find((entry) => entry.endsWith(` ${branch}`));
  return readIfThere(join(shared, branch)) ?? line?.slice(0, line.indexOf(' '));
}

/** Of a worktree `.git` is a file that says where the folder is. */
function gitFolder(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const pointer = readIfThere(path);
  return pointer === undefined ? path : /^gitdir: (.+)/.exec(pointer)?.[1];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
