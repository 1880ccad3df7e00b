import { join } from 'node:path';
import type { Action, Instance } from '../graph/plan.ts';
import type { StageCatalogue } from '../stage/catalogue.ts';
import type { Stage } from '../stage/define.ts';
import { fillValue } from './attempt/fill.ts';
import { declaredInputs } from './attempt/job.ts';
import { type InputView, sourcePath } from './inputs.ts';

/**
 * About how many bytes of temporary files an instance will write at most, all results that it reads being there.
 * Undefined where its stage does not say.
 */
export async function expectedScratch(
  instance: Instance,
  view: InputView,
  stages: StageCatalogue,
): Promise<number | undefined> {
  const stage = await stageOf(instance.action, view, stages);
  if (stage?.scratchBytes === undefined) return undefined;
  if (instance.inputs.some(({ sources }) => sources.some(({ kind }) => kind === 'value'))) return undefined;
  const noValue = () => '';
  const inputs = Object.fromEntries(
    instance.inputs.map(({ name, sources }) => [name, sources.map((source) => sourcePath(source, view, noValue))]),
  );
  const paths = { inputs, outputs: {} };
  const params = stage.params.safeParse(fillValue(instance.with, paths));
  if (!params.success) return undefined;
  return stage.scratchBytes(params.data, declaredInputs(instance, paths) as Parameters<Stage['run']>[0]['inputs']);
}

async function stageOf(action: Action, { plan, sources }: InputView, stages: StageCatalogue) {
  if (action.kind === 'run') return undefined;
  const loaded = await (action.kind === 'builtin'
    ? stages.load(action.name)
    : loadModule(join(plan.root, action.path)));
  return loaded.ok ? loaded.stage : undefined;

  function loadModule(path: string) {
    return stages.loadModule(path, sources.known(path) ?? '');
  }
}
