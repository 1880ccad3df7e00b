import type { FileRecord, InputRecord } from '../../store/result.ts';
import type { Store } from '../../store/store.ts';
import type { Change, Content, FileChange } from './change.ts';
import { isMap, valueChanges } from './recipe-changes.ts';

/** What differs in the content of the inputs; in that of a config, value by value. */
export function inputChanges(before: readonly InputRecord[], now: readonly InputRecord[], store: Store): Change[] {
  const names = [...new Set([...before, ...now].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [old, recent] = [before, now].map((records) => records.find((record) => record.name === name));
    const length = Math.max(old?.digests.length ?? 0, recent?.digests.length ?? 0);
    return Array.from({ length }, (_, item) => sourceChange(name, old, recent, item, store)).flat();
  });
}

function sourceChange(
  name: string,
  old: InputRecord | undefined,
  recent: InputRecord | undefined,
  item: number,
  store: Store,
): Change[] {
  const [before, now] = [contentOf(old, item), contentOf(recent, item)];
  if (before?.digest === now?.digest) return [];
  const [valueBefore, valueNow] = [old?.values?.[item], recent?.values?.[item]];
  if (isMap(valueBefore) && isMap(valueNow)) return valueChanges(`inputs.${name}`, valueBefore, valueNow);
  const [filesBefore, filesNow] = [filesOf(old, item, store), filesOf(recent, item, store)];
  const files = filesBefore && filesNow && fileChanges(filesBefore, filesNow);
  return [{ kind: 'input', name, ...(before && { before }), ...(now && { now }), ...(files && { files }) }];
}

function contentOf(record: InputRecord | undefined, item: number): Content | undefined {
  const digest = record?.digests[item];
  return digest === undefined ? undefined : { from: record!.from[item] ?? '', digest };
}

/** Listing of a directory that came from the store. */
function filesOf(record: InputRecord | undefined, item: number, store: Store): readonly FileRecord[] | undefined {
  const key = record?.keys[item];
  const outputs = key ? Object.values(store.manifest(key)?.outputs ?? {}) : [];
  return outputs.find(({ digest }) => digest === record!.digests[item])?.files;
}

function fileChanges(before: readonly FileRecord[], now: readonly FileRecord[]): FileChange[] {
  const old = new Map(before.map(({ path, digest }) => [path, digest]));
  const recent = new Map(now.map(({ path, digest }) => [path, digest]));
  const paths = [...new Set([...old.keys(), ...recent.keys()])].sort();
  return paths.flatMap((path): FileChange[] => {
    if (old.get(path) === recent.get(path)) return [];
    return [{ path, change: !old.has(path) ? 'added' : recent.has(path) ? 'changed' : 'removed' }];
  });
}
