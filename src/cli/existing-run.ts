import { findRun, type RunRecord } from '../run/folder/list-runs.ts';
import { RequestError } from './request-error.ts';

/** The run of this id or name, which must be there. */
export function existingRun(cache: string, word: string): RunRecord {
  const run = findRun(cache, word);
  if (!run) throw new RequestError(`there is no run ${word}: \`kumiki runs\` lists them`);
  return run;
}
