import type { Command } from 'commander';
import { surveyStages } from '../../../stages/commands/survey.ts';
import { type MeasuredRates, noteRates } from '../../estimate/rates.ts';
import { type Finding, surveyMachine } from '../../executors/survey.ts';
import { formatRateOf } from '../../ui/quantity.ts';
import { print, printJson } from '../print.ts';
import { formatTable } from '../table.ts';
import { cacheHere } from '../workspace.ts';

export function define(command: Command): void {
  command
    .option('--measure', 'measure how fast this machine works, for `kumiki plan`; half a minute')
    .option('--json', 'print the findings, or what was measured, as JSON')
    .addHelpText('after', '\nThe exit code is 1 when something is missing that every run needs.')
    .action(examine);
}

interface Options {
  readonly measure?: boolean;
  readonly json?: boolean;
}

async function examine({ measure = false, json = false }: Options): Promise<void> {
  if (measure) return measureMachine(json);
  const findings = [...(await surveyMachine(cacheHere())), ...surveyStages()];
  if (json) printJson(findings);
  else print(describe(findings));
  if (findings.some(({ required, state }) => required && state !== 'ok')) process.exitCode = 1;
}

/** Notes each rate as soon as it is measured. */
async function measureMachine(json: boolean): Promise<void> {
  const { measureRates } = await import('../../../stages/measurements/measure-rates.ts');
  const cache = cacheHere();
  const found: MeasuredRates = {};
  for await (const [{ name, unit }, value] of measureRates()) {
    found[name] = { value: Number(value.toPrecision(3)), unit, measured: new Date().toISOString() };
    noteRates(cache, found);
    if (!json) print(`${name.padEnd(44)}${formatRateOf(value, unit)}`);
  }
  if (json) printJson(found);
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
