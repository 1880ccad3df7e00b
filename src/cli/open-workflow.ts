import type { CompileOptions } from '../graph/compile.ts';
import { compileCached } from '../graph/compiled-cache.ts';
import type { Plan } from '../graph/plan.ts';
import { withObjectSources } from '../store/fetched/object-sources.ts';
import { openStore } from '../store/open-store.ts';
import { openSources } from '../store/sources.ts';
import type { Sources, Store } from '../store/store.ts';
import { version } from '../version.ts';
import type { Settings } from '../workflow/settings.ts';
import { workspaceRoot } from '../workflow/workspace-root.ts';
import { builtinStages } from './builtin-stages.ts';
import { type Objects, openObjects } from './open-objects.ts';
import { settingsOf } from './open-remote.ts';
import { faultyWorkflow, printDiagnostics } from './print-diagnostics.ts';
import type { WorkflowOptions } from './workflow-options.ts';
import { cacheFolder, findWorkflow } from './workspace.ts';

/** A workflow that compiles, with the store of its workspace. */
export interface OpenWorkflow extends AsyncDisposable {
  readonly plan: Plan;
  /** Absolute path of the merged workflow as JSON. */
  readonly mergedFile: string;
  /** Absolute paths of the files that decided the plan. */
  readonly madeFrom: readonly string[];
  readonly store: Store;
  readonly sources: Sources;
  readonly settings: Settings;
  readonly objects: Objects;
}

/** Opens the workflow that is meant; its warnings go to standard error. Throws a `RequestError` with all that is wrong with it. */
export async function openWorkflow(options: WorkflowOptions): Promise<OpenWorkflow> {
  const file = findWorkflow(options.workflow);
  const root = workspaceRoot(file);
  const settings = await settingsOf(root);
  const cache = cacheFolder(root);
  const objects = openObjects(settings);
  const sources = withObjectSources(await openSources(cache), cache, objects.open);
  const compile = { ...compileOptions(options, cache), kindOfObject: objects.kindOf };
  const compiled = await compileCached(file, compile, { directory: cache, sources });
  await printDiagnostics(compiled.ok ? compiled.warnings : compiled.diagnostics);
  if (!compiled.ok) throw faultyWorkflow(file, compiled.diagnostics);
  const store = await openStore(cache, { kumiki: version });
  return {
    plan: compiled.plan,
    mergedFile: compiled.mergedFile,
    madeFrom: compiled.sources.files.map(({ path }) => path),
    store,
    sources,
    settings,
    objects,
    async [Symbol.asyncDispose]() {
      await sources.save();
      await store.close();
    },
  };
}

export function compileOptions({ set = [], config = [] }: WorkflowOptions, cache: string): CompileOptions {
  return { set, config, env: process.env, stages: builtinStages, cache };
}
