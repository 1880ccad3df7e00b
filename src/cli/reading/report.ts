import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { readHistory } from '../../report/gather/run-history.ts';
import { gatherReport } from '../../report/gather/run-report.ts';
import { renderReport } from '../../report/page/render-report.tsx';
import { openStore } from '../../store/open-store.ts';
import { version } from '../../version.ts';
import { builtinStages } from '../builtin-stages.ts';
import { existingRun } from '../existing-run.ts';
import { print } from '../print.ts';
import { cacheHere } from '../workspace.ts';

export function define(command: Command): void {
  command
    .argument('[run]', 'id or name; the newest run unless given')
    .option('-o, --output <file>', 'where to write the page; report-RUN.html here unless given')
    .action(report);
}

async function report(word: string | undefined, { output }: { output?: string }): Promise<void> {
  const cache = cacheHere();
  const run = existingRun(cache, word);
  const file = resolve(output ?? `report-${run.name ?? run.id}.html`);
  const store = await openStore(cache, { kumiki: version });
  try {
    const gathered = await gatherReport(await readHistory(run), store, builtinStages);
    const page = await renderReport(gathered, dirname(file));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, page);
  } finally {
    await store.close();
  }
  print(relative('', file) || file);
}
