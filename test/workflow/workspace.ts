import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { type Compiled, type CompileOptions, compile } from '../../src/graph/compile.ts';
import type { Instance, Plan } from '../../src/graph/plan.ts';
import { stageCatalogue } from '../../src/stage/catalogue.ts';
import { formatDiagnostics } from '../../src/workflow/diagnostic.ts';

/** Stages that stand in for the built-in ones. */
export const stages = stageCatalogue(join(import.meta.dirname, 'stages'));

export type Options = Partial<Pick<CompileOptions, 'set' | 'config' | 'env' | 'cache'>>;
export type Files = Readonly<Record<string, string>>;

/** A folder of files with `kumiki.yaml` at its root, removed after the test file. */
export function workspace(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'kumiki-workflow-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'kumiki.yaml': '', ...files })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** Compiles `workflow.yaml` of a workspace with these files. */
export function compileText(workflow: string, files: Files = {}, options: Options = {}): Promise<Compiled> {
  const root = workspace({ ...files, 'workflow.yaml': workflow });
  return compileIn(root, options);
}

export function compileIn(root: string, options: Options = {}): Promise<Compiled> {
  return compile(join(root, 'workflow.yaml'), { set: [], config: [], env: {}, stages, ...options });
}

/** The plan of a workflow that must be right. */
export async function planOf(workflow: string, files: Files = {}, options: Options = {}): Promise<Plan> {
  const compiled = await compileText(workflow, files, options);
  if (!compiled.ok) assert.fail(formatDiagnostics(compiled.diagnostics, { color: false }));
  return compiled.plan;
}

export function instance(plan: Plan, id: string): Instance {
  const found = plan.instances.find((candidate) => candidate.id === id);
  assert.ok(found, `no ${id} among ${plan.instances.map((candidate) => candidate.id).join(' ')}`);
  return found;
}

/** What an input reads, for people: `producer.output/path`, a path, or a value as JSON. */
export function sourcesOf(plan: Plan, id: string, input: string): string[] {
  const found = instance(plan, id).inputs.find(({ name }) => name === input);
  assert.ok(found, `${id} has no input ${input}`);
  return found.sources.map((source) => {
    if (source.kind === 'path') return source.path;
    if (source.kind === 'value') return JSON.stringify(source.value);
    return [`${plan.instances[source.instance]!.id}.${source.output}`, ...(source.path ? [source.path] : [])].join('/');
  });
}
