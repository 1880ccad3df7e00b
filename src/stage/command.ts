import type { Command } from 'commander';

/** One command of the CLI; stages may bring their own. Its module is loaded only when the command is asked for. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  load(): Promise<{ define(command: Command): void }>;
}
