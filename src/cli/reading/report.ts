import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { renderReport } from '../../report/page/render-report.tsx';
import { existingRun } from '../existing-run.ts';
import { print } from '../print.ts';
import { cacheHere } from '../workspace.ts';
import { writeOutput } from '../write-output.ts';
import { gatherRuns } from './gather-runs.ts';

export function define(command: Command): void {
  command
    .argument('[run]', 'id or name; the newest run unless given')
    .option('-o, --output <file>', 'where to write the page; report-RUN.html here unless given')
    .action(report);
}

async function report(word: string | undefined, { output }: { output?: string }): Promise<void> {
  const cache = cacheHere();
  const run = existingRun(cache, word);
  const file = resolve(output ?? `report-${(run.name ?? run.id).replaceAll('/', '_')}.html`);
  const [gathered] = await gatherRuns(cache, [run]);
  const page = await renderReport(gathered!, dirname(file));
  writeOutput(file, page);
  print(relative('', file) || file);
}
