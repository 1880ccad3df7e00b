/** Where a JGLUE checkout keeps its tasks: directories such as `datasets/jsts-v1.3` with `train-v1.3.json`, `valid-v1.3.json`, `test-v1.3.json`. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TaskName, taskNames } from '../tasks/task.ts';

export const parts = ['train', 'dev', 'test'] as const;

export type Part = (typeof parts)[number];

export interface FoundTask {
  readonly version: string;
  readonly directory: string;
  /** Those that are there. */
  readonly files: Readonly<Partial<Record<Part, string>>>;
}

export interface Checkout {
  readonly tasks: ReadonlyMap<TaskName, FoundTask>;
  /** preprocess/marc-ja/data. */
  readonly marcJaLists: string | undefined;
}

/** Which files of a checkout matter here, by their path in it or in an archive of it. */
export function isOfInterest(path: string): boolean {
  return (
    /(^|\/)[a-z_]+-v[\d.]+\/(train|valid|test)-v[\d.]+\.json$/.test(path) ||
    /(^|\/)marc-ja\/data\/\w+\/\w+\.txt$/.test(path)
  );
}

/** Looks in the directory and two below it, so that an archive's top folder does no harm. The newest version of a task counts. */
export function findTasks(root: string): Checkout {
  const tasks = new Map<TaskName, FoundTask>();
  let marcJaLists: string | undefined;
  for (const directory of foldersBelow(root, 4)) {
    if (directory.endsWith(join('marc-ja', 'data'))) marcJaLists ??= directory;
    const [, name, version] = /^([a-z_]+)-v([\d.]+)$/.exec(basename(directory)) ?? [];
    const task = taskNames.find((each) => each === name);
    if (task === undefined || version === undefined) continue;
    const found = { version, directory, files: filesOf(directory, version) };
    const other = tasks.get(task);
    if (other === undefined || isBetter(found, other)) tasks.set(task, found);
  }
  return { tasks, marcJaLists };
}

function foldersBelow(directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => join(directory, name))
    .sort()
    .flatMap((folder) => [folder, ...foldersBelow(folder, depth - 1)]);
}

function filesOf(directory: string, version: string): FoundTask['files'] {
  const fileOf = (part: Part) => join(directory, `${part === 'dev' ? 'valid' : part}-v${version}.json`);
  return Object.fromEntries(parts.filter((part) => existsSync(fileOf(part))).map((part) => [part, fileOf(part)]));
}

function isBetter(a: FoundTask, b: FoundTask): boolean {
  const [filled, other] = [a, b].map(({ files }) => Object.keys(files).length > 0);
  if (filled !== other) return filled!;
  return a.version.localeCompare(b.version, 'en', { numeric: true }) > 0;
}
