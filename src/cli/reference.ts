/** What README.md in `src/cli` and in `stages` say, from the code: `npm run reference` writes them. */
import type { Command } from 'commander';
import { programFor } from './program.ts';
import { asText, loadBuiltinStages } from './upkeep/stages.ts';

const width = 100;
const note = 'Made from the code by `npm run reference`; a test keeps it current.\n';

/** Every command's `--help`, in Markdown. */
export async function commandReference(): Promise<string> {
  const names = visibleCommands(await programFor([])).map((command) => command.name());
  const sections: string[] = [];
  for (const name of names.filter((one) => one !== 'help')) {
    const command = visibleCommands(await programFor([name])).find((one) => one.name() === name)!;
    sections.push(`## ${name}\n\n`, ...[command, ...visibleCommands(command)].map(helpBlock));
  }
  return [`# Commands\n\n${note}\n`, ...sections].join('').trimEnd().concat('\n');
}

/** Every built-in stage's inputs, parameters and outputs, in Markdown. */
export async function stageReference(): Promise<string> {
  const stages = await loadBuiltinStages();
  const sections = stages.map((stage) => `## ${stage.name}\n\n${block(asText(stage))}`);
  return [`# Stages\n\n${note}\n`, ...sections].join('').trimEnd().concat('\n');
}

function visibleCommands(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
}

function helpBlock(command: Command): string {
  const lines: string[] = [];
  const writeOut = (text: string) => lines.push(text);
  command.configureOutput({ writeOut, getOutHelpWidth: () => width, getOutHasColors: () => false }).outputHelp();
  return block(lines.join(''));
}

const block = (text: string) => `\`\`\`\n${text.trim()}\n\`\`\`\n\n`;
