/** Patterns that stand for instances on a command line, matched against their ids. */

export interface ParsedId {
  readonly stage: string;
  /** Values as the id shows them, by axis. */
  readonly axes: ReadonlyMap<string, string>;
}

/** Parts of `data[subword=wordpiece,shard=3]`. A comma inside a value is one that no `axis=` follows. */
export function parseInstanceId(id: string): ParsedId {
  const parts = /^([^[]*)\[(.*)\]$/s.exec(id);
  if (!parts) return { stage: id, axes: new Map() };
  const axes = parts[2]!.split(/,(?=[\w-]+=)/).map((part): [string, string] => {
    const equals = part.indexOf('=');
    return equals < 0 ? [part.trim(), ''] : [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
  });
  return { stage: parts[1]!, axes: new Map(axes) };
}

/**
 * Tells whether an instance id is meant: a stage (`convert`) means all of its instances, a glob (`train-*`) several
 * stages, brackets (`data[shard=3]`, `data[subword=char*]`) those of a matrix that have these values.
 */
export function instanceMatcher(pattern: string): (id: string) => boolean {
  const { stage, axes } = parseInstanceId(pattern);
  const matchesStage = globMatcher(stage);
  const filters = [...axes].map(([axis, value]) => ({ axis, matches: globMatcher(value) }));
  return (id) => {
    if (id === pattern) return true;
    const candidate = parseInstanceId(id);
    return (
      matchesStage(candidate.stage) &&
      filters.every(({ axis, matches }) => candidate.axes.has(axis) && matches(candidate.axes.get(axis)!))
    );
  };
}

/** `*` stands for any characters, `?` for one. */
function globMatcher(glob: string): (text: string) => boolean {
  if (!/[*?]/.test(glob)) return (text) => text === glob;
  const source = glob
    .replace(/[\\^$.+|()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}
