import { resolve } from 'node:path';
import { isObjectUrl } from '../../objects/object-url.ts';
import { type OpenWorkflow, openWorkflow } from '../open-workflow.ts';
import { print } from '../print.ts';
import { RequestError } from '../request-error.ts';
import { selectInstances } from '../select-instances.ts';
import { findWorkflow } from '../workspace.ts';
import { type RunRequest, runHere } from './run-here.ts';
import { type WatchedFiles, watchFiles } from './watched-files.ts';

const interrupted = 130;

/** Runs a workflow, and again whenever something that it reads changes, until interrupted. */
export async function runOnChange(request: RunRequest): Promise<number> {
  await using watched = await watchFiles(new Set([findWorkflow(request.workflow)]));
  for (;;) {
    const exitCode = await runOnce(request, watched);
    if (exitCode === interrupted) return exitCode;
    if (!request.json) print('Waiting for a source to change; Ctrl-C ends this.');
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    if (!(await watched.changed(stop.signal))) return interrupted;
  }
}

/** A workflow that is wrong at the moment is one that the next change may mend. */
async function runOnce(request: RunRequest, watched: WatchedFiles): Promise<number> {
  try {
    await using workflow = await openWorkflow(request);
    await watched.replace(sourcesOf(workflow));
    return await runHere(workflow, await selectInstances(workflow.plan, request.stages), request);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    process.stderr.write(`kumiki: ${error.message}\n`);
    return 2;
  }
}

/** Files and directories whose content decides a result, and what the plan itself was made from. */
function sourcesOf({ plan, madeFrom }: OpenWorkflow): ReadonlySet<string> {
  const paths = plan.instances.flatMap(({ inputs }) =>
    inputs.flatMap(({ sources }) =>
      sources.flatMap((source) =>
        source.kind === 'path' && !isObjectUrl(source.path) ? resolve(plan.root, source.path) : [],
      ),
    ),
  );
  return new Set([...madeFrom, ...paths]);
}
