import type { Command } from 'commander';

/** Which workflow, and what the command line changes in it. */
export interface WorkflowOptions {
  readonly workflow?: string;
  readonly set?: readonly string[];
  readonly config?: readonly string[];
}

/** The options that say which workflow a command is about. */
export function addWorkflowOptions(command: Command): Command {
  return command
    .option('-w, --workflow <file>', 'the workflow; else workflow.yaml, or the only file of workflows/')
    .option('--set <path=value>', 'replace a value of the workflow, as in params.seed=1; repeatable', collect)
    .option('--config <name=file>', 'read an entry of configs from another file; repeatable', collect);
}

/** Gathers what a repeatable option was given. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A first word that names a file is the workflow; the others are stages. */
export function splitWords(
  words: readonly string[],
  { workflow }: WorkflowOptions,
): { workflow?: string; stages: readonly string[] } {
  if (workflow === undefined && words[0] !== undefined && isWorkflowName(words[0])) {
    return { workflow: words[0], stages: words.slice(1) };
  }
  return { ...(workflow !== undefined && { workflow }), stages: words };
}

export function isWorkflowName(word: string): boolean {
  return /\.(ya?ml|json)$/.test(word);
}
