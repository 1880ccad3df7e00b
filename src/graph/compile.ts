import { basename, extname, resolve } from 'node:path';
import type { StageCatalogue } from '../stage/catalogue.ts';
import { type Diagnostic, errorAt, type Report, tidy } from '../workflow/diagnostic.ts';
import { checkNames, type Fault } from '../workflow/evaluate-node.ts';
import type { Scope } from '../workflow/expressions/evaluate.ts';
import { functionsFor } from '../workflow/expressions/functions.ts';
import type { Json } from '../workflow/json.ts';
import { type FileRead, loadWorkflow } from '../workflow/load.ts';
import { type Misshapen, validateWorkflow } from '../workflow/validate.ts';
import { workspaceRoot } from '../workflow/workspace-root.ts';
import { child, type MapNode, toJson } from '../workflow/yaml/node.ts';
import { buildInstances } from './build/build.ts';
import { readAmounts, readSlurm } from './build/settings.ts';
import { checkObjects, type KindOfObject } from './check-objects.ts';
import type { CompileSources } from './compile-sources.ts';
import { evaluateParams, plainValues, readConfigs, valuesContext } from './expand/globals.ts';
import { describeStages } from './expand/shapes.ts';
import type { Plan } from './plan.ts';
import { observe, type Surroundings } from './surroundings.ts';

export interface CompileOptions {
  /** `path.of.key=value`, each from one `--set`. */
  readonly set: readonly string[];
  /** `NAME=FILE`, each from one `--config`. */
  readonly config: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stages: StageCatalogue;
  /** Absolute path of the folder of results, which no input may hold. */
  readonly cache?: string;
  /** What an object, or a prefix of objects, is; undefined if there is none. Without it `gs://` inputs are not looked for. */
  readonly kindOfObject?: KindOfObject;
}

export type Compiled =
  | {
      readonly ok: true;
      readonly plan: Plan;
      /** The workflow with what it extends and what the command line changed, for people. */
      readonly merged: Json;
      readonly warnings: readonly Diagnostic[];
      readonly sources: CompileSources;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** A workflow file as a plan, or all that is wrong with it. */
export async function compile(file: string, options: CompileOptions): Promise<Compiled> {
  const path = resolve(file);
  const diagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  const surroundings = observe(workspaceRoot(path), options.env, options.cache);
  const workflow = loadWorkflow(path, options.set, report, (read: FileRead) => surroundings.read(read));
  const misshapen = workflow && validateWorkflow(workflow, report);
  const plan = misshapen && (await planOf(path, workflow, misshapen, options, surroundings, report));
  if (options.kindOfObject) await checkObjects(surroundings.expectedObjects, options.kindOfObject, report);
  const found = tidy(diagnostics);
  if (found.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics: found };
  if (!plan) throw new Error(`no plan of ${path}, and nothing says why`);
  return { ok: true, plan, merged: toJson(workflow!), warnings: found, sources: surroundings.sources() };
}

async function planOf(
  file: string,
  workflow: MapNode,
  misshapen: Misshapen,
  options: CompileOptions,
  surroundings: Surroundings,
  report: Report,
): Promise<Plan | undefined> {
  const fault: Fault = (place, message, hint) => report(errorAt(place, message, hint));
  const functions = functionsFor(surroundings);
  const params = evaluateParams(child(workflow, 'params'), functions, fault);
  const paramsOnly: Scope = { contexts: { params: valuesContext(params) }, functions };
  const configs = readConfigs(child(workflow, 'configs'), options.config, paramsOnly, surroundings, report, fault);
  const globals: Scope = { contexts: { ...paramsOnly.contexts, configs: valuesContext(configs) }, functions };
  const limitsNode = child(workflow, 'limits');
  if (limitsNode) checkNames(limitsNode, globals, fault);
  const limits = readAmounts(limitsNode, globals, fault);
  const stages = child(workflow, 'stages');
  const shapes = await describeStages(stages, misshapen, globals, options.stages, surroundings, fault);
  const slurm = readSlurm(child(workflow, 'slurm'), globals, fault);
  const built = buildInstances(workflow, { shapes, globals, limits, slurm, surroundings, report });
  const name = child(workflow, 'name');
  return (
    built && {
      name: name?.kind === 'scalar' && name.value !== null ? String(name.value) : basename(file, extname(file)),
      file,
      root: surroundings.root,
      params: plainValues(params),
      limits,
      ...built,
      overrides: [...options.set.map((set) => `--set ${set}`), ...options.config.map((config) => `--config ${config}`)],
    }
  );
}
