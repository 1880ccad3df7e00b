import type { Command, Option } from 'commander';
import { compileCached } from '../../graph/compiled-cache.ts';
import type { Plan } from '../../graph/plan.ts';
import { listRuns } from '../../run/folder/list-runs.ts';
import { openSources } from '../../store/sources.ts';
import { workspaceRoot } from '../../workflow/workspace-root.ts';
import { builtinStages } from '../builtin-stages.ts';
import { compileOptions } from '../open-workflow.ts';
import { programFor } from '../program.ts';
import { isWorkflowName } from '../workflow-options.ts';
import { cacheFolder, cacheHere, findWorkflow } from '../workspace.ts';

export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

/** What may stand for the last of these words of a command line; files are left to the shell. */
export async function candidates(words: readonly string[]): Promise<readonly Candidate[]> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const program = await programFor(before);
  const command = innermost(program, before);
  const possible = await possibleWords(command, program, before, last);
  return possible.filter(({ word }) => word.startsWith(last));
}

function innermost(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command;
  return command;
}

async function possibleWords(
  command: Command,
  program: Command,
  before: readonly string[],
  last: string,
): Promise<readonly Candidate[]> {
  const awaiting = command.options.find((option) => takesValue(option) && isOption(before.at(-1), option));
  if (awaiting) return (awaiting.argChoices ?? (await optionValues(awaiting))).map((word) => ({ word }));
  if (last.startsWith('-')) return command.options.filter(({ hidden }) => !hidden).map(describeOption);
  const commands = command.commands.map((one) => ({ word: one.name(), about: one.description() }));
  if (command === program) return commands;
  return [...commands, ...(await argumentWords(command, before)).map((word) => ({ word }))];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function isOption(word: string | undefined, { long, short }: Option): boolean {
  return word !== undefined && (word === long || word === short);
}

function describeOption({ long, short, description }: Option): Candidate {
  return { word: long ?? short ?? '', about: description };
}

async function optionValues(option: Option): Promise<readonly string[]> {
  return option.attributeName() === 'run' ? runWords() : [];
}

async function argumentWords(command: Command, before: readonly string[]): Promise<readonly string[]> {
  const path = `${command.parent?.parent ? `${command.parent.name()} ` : ''}${command.name()}`;
  switch (path) {
    case 'run':
    case 'plan':
    case 'explain':
    case 'logs':
      return stageNames(await planOf(before));
    case 'output':
      return outputNames(await planOf(before));
    case 'watch':
    case 'runs name':
    case 'runs remove':
      return runWords();
    case 'exec':
    case 'stages':
      return builtinStages.names();
    case 'completion':
      return ['bash', 'zsh', 'fish'];
    default:
      return [];
  }
}

/** Of the workflow that the line names, or would find; undefined if it does not compile. */
async function planOf(words: readonly string[]): Promise<Plan | undefined> {
  try {
    const file = findWorkflow(words.find(isWorkflowName));
    const directory = cacheFolder(workspaceRoot(file));
    const options = compileOptions({}, directory);
    const compiled = await compileCached(file, options, { directory, sources: await openSources(directory) });
    return compiled.ok ? compiled.plan : undefined;
  } catch {
    return undefined;
  }
}

function stageNames(plan: Plan | undefined): readonly string[] {
  return [...new Set(plan?.instances.map(({ stage }) => stage))];
}

function outputNames(plan: Plan | undefined): readonly string[] {
  const names = plan?.instances.flatMap(({ stage, outputs }) =>
    Object.keys(outputs).map((output) => `${stage}.${output}`),
  );
  return [...new Set(names)];
}

function runWords(): readonly string[] {
  return listRuns(cacheHere()).flatMap(({ id, name }) => (name === undefined ? [id] : [name, id]));
}
