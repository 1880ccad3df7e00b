import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { z } from 'zod';
import type { InputDeclaration, OutputDeclaration, Stage } from '../../src/stage/define.ts';

export interface StageRun<P, I> {
  readonly with: P;
  readonly inputs?: { readonly [N in keyof I]?: string | readonly string[] };
  readonly resources?: Readonly<Record<string, number>>;
}

export interface StageResult<O> {
  /** Where each output is. */
  readonly outputs: { readonly [N in keyof O]: string };
  readonly log: readonly string[];
  readonly warnings: readonly string[];
  readonly conclusions: readonly string[];
  readonly progress: readonly { readonly done: number; readonly total: number | undefined; readonly unit: string }[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** Runs a stage in this process, as its child process would, with outputs in a temporary directory. */
export async function runStage<
  P extends z.ZodObject,
  I extends Readonly<Record<string, InputDeclaration>>,
  O extends Readonly<Record<string, OutputDeclaration>>,
>(t: TestContext, stage: Stage<P, I, O>, run: StageRun<z.input<P>, I>): Promise<StageResult<O>> {
  const root = mkdtempSync(join(tmpdir(), `kumiki-${stage.name}-`));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const scratch = join(root, 'scratch');
  mkdirSync(scratch);
  const outputs = Object.fromEntries(
    Object.entries(stage.outputs).map(([name, { kind }]) => {
      const path = join(root, name);
      if (kind === 'directory') mkdirSync(path);
      return [name, path];
    }),
  ) as StageResult<O>['outputs'];
  const log: string[] = [];
  const warnings: string[] = [];
  const conclusions: string[] = [];
  const progress: { done: number; total: number | undefined; unit: string }[] = [];
  const metrics: Record<string, number> = {};
  await stage.run({
    params: stage.params.parse(run.with),
    inputs: (run.inputs ?? {}) as Parameters<typeof stage.run>[0]['inputs'],
    outputs,
    scratch,
    resources: run.resources ?? { cpu: 2 },
    gcs: {},
    signal: new AbortController().signal,
    progress: (done, total, unit) => void progress.push({ done, total, unit }),
    metric(name, value) {
      metrics[name] = value;
    },
    log: (line) => void log.push(line),
    warn: (line) => void warnings.push(line),
    conclude: (text) => void conclusions.push(text),
    holds() {},
  });
  return { outputs, log, warnings, conclusions, progress, metrics };
}
