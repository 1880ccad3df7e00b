import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { storeLayout } from '../layout.ts';
import { namesIn } from '../remove.ts';
import { sizeOf } from '../size-of.ts';
import { storedManifests } from './stored-keys.ts';

export interface DiskUsage {
  /** Results by stage, the largest first. Bytes as the manifests count them. */
  readonly stages: readonly StageUsage[];
  /** Bytes on disk in the other folders: `work`, `scratch`, `damaged`, `runs`, … */
  readonly folders: Readonly<Record<string, number>>;
  /** All of it, in bytes. */
  readonly total: number;
}

export interface StageUsage {
  readonly stage: string;
  readonly results: number;
  readonly bytes: number;
  /** Results whose payload was removed, not counted in `results`. */
  readonly removed: number;
}

/** What holds the space of a cache folder. */
export function diskUsage(directory: string): DiskUsage {
  const layout = storeLayout(resolve(directory));
  const stages = new Map<string, { results: number; bytes: number; removed: number }>();
  for (const { manifest, payload } of storedManifests(layout)) {
    const stage = stageOf(manifest.instance);
    const sum = stages.get(stage) ?? { results: 0, bytes: 0, removed: 0 };
    stages.set(stage, sum);
    if (payload === 'removed') sum.removed++;
    else {
      sum.results++;
      sum.bytes += sizeOf(manifest);
    }
  }
  const names = namesIn(layout.directory).filter((name) => name !== 'store');
  const folders = Object.fromEntries(names.map((name) => [name, bytesBelow(`${layout.directory}/${name}`)]));
  const byStage = [...stages].map(([stage, sum]) => ({ stage, ...sum })).sort((a, b) => b.bytes - a.bytes);
  const total = [...Object.values(folders), ...byStage.map(({ bytes }) => bytes)].reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
  return { stages: byStage, folders, total };
}

/** Bytes that a file, or all below a folder, takes on the disk. What vanishes meanwhile takes none. */
export function bytesBelow(path: string): number {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return 0;
  const own = status.blocks * 512;
  if (!status.isDirectory()) return own;
  return namesIn(path).reduce((sum, name) => sum + bytesBelow(`${path}/${name}`), own);
}

/** The stage of `data[shard=3]` is `data`. */
function stageOf(instance: string): string {
  return instance.replace(/\[.*$/s, '');
}
