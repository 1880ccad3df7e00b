import type { Command } from 'commander';
import { surveyStages } from '../../../stages/commands/survey.ts';
import { type Finding, surveyMachine } from '../../executors/survey.ts';
import { print, printJson } from '../print.ts';
import { formatTable } from '../table.ts';
import { cacheHere } from '../workspace.ts';

export function define(command: Command): void {
  command
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nThe exit code is 1 when something is missing that every run needs.')
    .action(examine);
}

async function examine({ json = false }: { json?: boolean }): Promise<void> {
  const findings = [...(await surveyMachine(cacheHere())), ...surveyStages()];
  if (json) printJson(findings);
  else print(describe(findings));
  if (findings.some(({ required, state }) => required && state !== 'ok')) process.exitCode = 1;
}

const marks = { ok: '✓', missing: '·', unusable: '!' } as const;

function describe(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, state, required, found, purpose }) => [
    required && state !== 'ok' ? '✗' : marks[state],
    name,
    found,
    purpose,
  ]);
  const remedies = findings.flatMap(({ name, remedy }) => (remedy ? [`  ${name}: ${remedy}\n`] : []));
  return formatTable(rows) + (remedies.length > 0 ? `\nTo get the rest:\n${remedies.join('')}` : '');
}
