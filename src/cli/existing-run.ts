import { findRun, listRuns, type RunRecord } from '../run/folder/list-runs.ts';
import { RequestError } from './request-error.ts';

/** The run of this id or name, or the newest; it must be there. */
export function existingRun(cache: string, word: string | undefined): RunRecord {
  const run = word === undefined ? listRuns(cache)[0] : findRun(cache, word);
  if (!run && word === undefined) throw new RequestError('there is no run yet: `kumiki run` makes one');
  if (!run) throw new RequestError(`there is no run ${word}: \`kumiki runs\` lists them`);
  return run;
}
