/** Compiled plans, kept beside the results: a workflow that is as it was is not parsed again. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiledFolder } from '../compiled-folder.ts';
import type { Sources } from '../store/store.ts';
import type { Compiled, CompileOptions } from './compile.ts';
import type { FolderNames } from './compile-sources.ts';
import { folderState } from './folder-state.ts';
import { fromTable, type PlanTable, toTable } from './plan-table.ts';

export interface CompileCache {
  /** Cache folder; plans lie in `compiled/` below it. */
  readonly directory: string;
  readonly sources: Sources;
}

type Success = Extract<Compiled, { ok: true }>;

export type CompiledHere =
  | Extract<Compiled, { ok: false }>
  /** `mergedFile`: the merged workflow as JSON; there unless the cache could not be written. */
  | (Omit<Success, 'merged'> & { readonly mergedFile: string });

interface CachedPlan extends Pick<Success, 'warnings' | 'sources'> {
  readonly table: PlanTable;
}

/** As `compile`, which is loaded only when something that decided the plan has changed. */
export async function compileCached(file: string, options: CompileOptions, cache: CompileCache): Promise<CompiledHere> {
  const entry = join(cache.directory, 'compiled', `${entryName(file, options)}.json`);
  const mergedFile = entry.replace(/json$/, 'workflow.json');
  const cached = readEntry(entry);
  if (cached && (await isCurrent(cached, options, cache.sources))) {
    return { ok: true, plan: fromTable(cached.table), warnings: cached.warnings, sources: cached.sources, mergedFile };
  }
  const { compile } = await import('./compile.ts');
  const compiled = await compile(file, options);
  if (!compiled.ok) return compiled;
  const { merged, ...rest } = compiled;
  replaceFile(mergedFile, JSON.stringify(merged));
  writeEntry(entry, rest);
  return { ...rest, mergedFile };
}

/** Another build of kumiki, or another request, has another entry. */
function entryName(file: string, { set, config }: CompileOptions): string {
  const build = statSync(join(compiledFolder, 'src/compiled-folder.js')).ctimeMs;
  const identity = JSON.stringify([build, file, set, config]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

function readEntry(entry: string): CachedPlan | undefined {
  try {
    return JSON.parse(readFileSync(entry, 'utf8')) as CachedPlan;
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written is done without. */
function replaceFile(file: string, text: string): void {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch {}
}

function writeEntry(entry: string, { plan, warnings, sources }: Omit<Success, 'merged'>): void {
  const cached: CachedPlan = { sources, warnings, table: toTable(plan) };
  replaceFile(entry, JSON.stringify(cached));
}

/** Is the world outside the plan, as far as compiling looked at it, what it was? */
async function isCurrent(
  { sources: { files, env, globs, exists }, table }: CachedPlan,
  options: CompileOptions,
  sources: Sources,
): Promise<boolean> {
  if (!exists.every(allExist)) return false;
  for (const { path, digest } of files) if ((await digestNow(path, sources)) !== digest) return false;
  if (env.length === 0 && globs.length === 0) return true;
  const { envDigest, globDigest } = await import('./compile-sources.ts');
  return (
    env.every(({ name, digest }) => envDigest(options.env[name]) === digest) &&
    globs.every(({ patterns, digest }) => globDigest(table.plan.root, patterns) === digest)
  );
}

/** With so many names to look for, one listing of the folder is cheaper. */
const manyNames = 32;

function allExist({ folder, names, state }: FolderNames): boolean {
  if (state !== undefined && state === folderState(folder)) return true;
  if (names.length < manyNames) return names.every((name) => existsSync(join(folder, name)));
  try {
    const found = new Set(readdirSync(folder));
    return names.every((name) => found.has(name));
  } catch {
    return false;
  }
}

async function digestNow(path: string, sources: Sources): Promise<string | undefined> {
  return sources.known(path) ?? (await sources.digest(path).catch(() => undefined));
}
