import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { parse } from 'yaml';
import { type GcsAccess, type Stage, StageError } from '../stage/define.ts';
import { runStage, type StageReports } from '../stage/run-stage.ts';

/** What the command line gives for one stage; paths are absolute. */
export interface ExecRequest {
  /** By name, in the order given. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** As text; each is read by the stage's schema. */
  readonly params: Readonly<Record<string, string>>;
  /** Where to put outputs; those that are not named are dropped. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly gcs?: GcsAccess;
}

/** The request does not fit the stage; nothing has run. The message has a line for each reason. */
export class ExecRequestError extends Error {
  override readonly name = 'ExecRequestError';
}

/**
 * Runs one stage in this process, without a workflow or a store: always, with the paths as given. Outputs are made beside their places
 * and renamed into them once the stage is done, so that a failed or interrupted one leaves what was there. Rejects with
 * `ExecRequestError`, or with the stage's own `StageError`.
 */
export async function execStage(
  stage: Stage,
  request: ExecRequest,
  reports: StageReports,
  signal: AbortSignal,
): Promise<void> {
  const { inputs, params } = readRequest(stage, request);
  const temporary = mkdtempSync(join(tmpdir(), 'kumiki-exec-'));
  const scratch = join(temporary, 'scratch');
  mkdirSync(scratch);
  const made = Object.fromEntries(
    Object.keys(stage.outputs).map((name) => [name, placeBeside(request.outputs[name] ?? join(temporary, name))]),
  );
  try {
    for (const [name, { kind }] of Object.entries(stage.outputs)) if (kind === 'directory') mkdirSync(made[name]!);
    const resources = { cpu: availableParallelism(), memory: totalmem() };
    const { gcs = {} } = request;
    await runStage(stage, { params, inputs, outputs: made, scratch, resources, gcs }, reports, signal);
    requireOutputs(stage, made);
    for (const [name, place] of Object.entries(request.outputs)) replace(made[name]!, place);
  } finally {
    for (const path of [...Object.values(made), temporary]) rmSync(path, { recursive: true, force: true });
  }
}

function placeBeside(place: string): string {
  mkdirSync(dirname(place), { recursive: true });
  return join(dirname(place), `.${basename(place)}.${randomUUID().slice(0, 8)}`);
}

function requireOutputs(stage: Stage, made: Readonly<Record<string, string>>): void {
  for (const [name, { kind }] of Object.entries(stage.outputs)) {
    const found = lstatSync(made[name]!, { throwIfNoEntry: false });
    if (!found) throw new StageError(`the stage ended without making its output ${name}`);
    if (found.isDirectory() !== (kind === 'directory')) throw new StageError(`output ${name} is not a ${kind}`);
  }
}

/** Renames over what is there; a directory cannot be renamed over, so the old one steps aside first. */
function replace(made: string, place: string): void {
  const old = `${made}.old`;
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory()) renameSync(place, old);
  renameSync(made, place);
  rmSync(old, { recursive: true, force: true });
}

function readRequest(stage: Stage, request: ExecRequest) {
  const problems = [
    ...unknownNames('input', Object.keys(request.inputs), Object.keys(stage.inputs)),
    ...unknownNames('parameter', Object.keys(request.params), Object.keys(stage.params.shape)),
    ...unknownNames('output', Object.keys(request.outputs), Object.keys(stage.outputs)),
    ...inputProblems(stage, request.inputs),
  ];
  const params = readParams(stage, request.params, problems);
  if (problems.length > 0) throw new ExecRequestError(problems.join('\n'));
  const inputs = Object.fromEntries(
    Object.entries(request.inputs).map(([name, paths]) => [name, stage.inputs[name]!.list ? paths : paths[0]!]),
  );
  return { inputs, params };
}

function unknownNames(what: string, given: readonly string[], known: readonly string[]): readonly string[] {
  return given
    .filter((name) => !known.includes(name))
    .map((name) => {
      const [nearest] = [...known].sort((a, b) => distance(name, a) - distance(name, b));
      return nearest ? `no ${what} is named ${name}: did you mean ${nearest}?` : `the stage has no ${what}s: ${name}`;
    });
}

function inputProblems(stage: Stage, given: ExecRequest['inputs']): readonly string[] {
  return Object.entries(stage.inputs).flatMap(([name, { kind, list, optional }]) => {
    const paths = given[name] ?? [];
    if (paths.length === 0) return optional ? [] : [`input ${name} is missing: give --input ${name}=PATH`];
    if (paths.length > 1 && !list) return [`input ${name} takes one path, not ${paths.length}`];
    // A checkpoint may be given as the prefix of its files' names.
    return paths
      .filter((path) => kind !== 'checkpoint' && !existsSync(path))
      .map((path) => `input ${name}: ${path} is not there`);
  });
}

/** Values as the schema wants them: the text itself where that fits, else what it means as YAML (`5`, `true`, `[a, b]`). */
function readParams(stage: Stage, given: ExecRequest['params'], problems: string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(given)) {
    const schema = stage.params.shape[name] as Stage['params'] | undefined;
    if (schema) values[name] = schema.safeParse(text).success ? text : parseText(text);
  }
  const read = stage.params.safeParse(values);
  for (const { path, message } of read.error?.issues ?? []) problems.push(`parameter ${path.join('.')}: ${message}`);
  return values;
}

function parseText(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}
