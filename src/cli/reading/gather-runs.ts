import { readHistory } from '../../report/gather/run-history.ts';
import { gatherReport, type RunReport } from '../../report/gather/run-report.ts';
import type { RunRecord } from '../../run/folder/list-runs.ts';
import { openStore } from '../../store/open-store.ts';
import { version } from '../../version.ts';
import { builtinStages } from '../builtin-stages.ts';

/** What there is to say of runs of a cache folder. */
export async function gatherRuns(cache: string, runs: readonly RunRecord[]): Promise<readonly RunReport[]> {
  const store = await openStore(cache, { kumiki: version });
  try {
    return await Promise.all(runs.map(async (run) => gatherReport(await readHistory(run), store, builtinStages)));
  } finally {
    await store.close();
  }
}
