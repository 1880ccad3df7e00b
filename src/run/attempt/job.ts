import type { Executor, Job } from '../../executors/executor.ts';
import type { Instance } from '../../graph/plan.ts';
import type { StageRequest } from '../../stage/messages.ts';
import { digestJson } from '../../store/digest/digest-json.ts';
import type { Digest, Key } from '../../store/result.ts';
import type { Attempt } from '../../store/store.ts';
import type { RunContext } from '../context.ts';
import { consumedKeys, sourcePath } from '../inputs.ts';
import { requestOf } from '../schedule/pools.ts';
import { fillEnvironment, fillScript, fillValue, type Paths } from './fill.ts';

/** All that an executor needs to run an attempt, every path known. */
export function describeJob(
  context: RunContext,
  instance: Instance,
  key: Key,
  attempt: Attempt,
  stopping: () => AbortSignal,
  executor: Executor | undefined,
): Job {
  const { view, folder } = context;
  const inputs = Object.fromEntries(
    instance.inputs.map((input) => [
      input.name,
      input.sources.map((source) =>
        sourcePath(source, view, ({ value }) => folder.writeValue(value, digestJson(value))),
      ),
    ]),
  );
  const place = executor?.place?.(key, instance) ?? {
    outputs: attempt.outputs,
    scratch: attempt.scratch,
    events: folder.eventsPath(instance.id, attempt.number),
  };
  const { outputs, scratch, events } = place;
  const paths: Paths = { inputs, outputs };
  return {
    instance,
    key,
    attempt: attempt.number,
    cwd: view.plan.root,
    env: {
      ...fillEnvironment(instance, paths, process.env),
      KUMIKI_SCRATCH: scratch,
      KUMIKI_EVENTS: events,
    },
    command:
      instance.action.kind === 'run'
        ? { kind: 'shell', script: fillScript(instance.action, paths), events }
        : {
            kind: 'stage',
            module: context.moduleOf(instance),
            request: stageRequest(context, instance, paths, scratch),
          },
    log: folder.logPath(instance.id, attempt.number),
    stopping,
    reads: consumedKeys(instance, view),
    delivery: { outputs: attempt.outputs, ...(instance.resume && { scratch: attempt.scratch }) },
    ...(instance.timeoutMs !== undefined && { timeoutMs: instance.timeoutMs }),
  };
}

function stageRequest({ gcs }: RunContext, instance: Instance, paths: Paths, scratch: string): StageRequest {
  return {
    params: fillValue(instance.with, paths),
    inputs: declaredInputs(instance, paths),
    outputs: paths.outputs,
    scratch,
    resources: requestOf(instance),
    ...(gcs && { gcs }),
  };
}

/** Paths of the inputs that the stage declares, as its `run` gets them. */
export function declaredInputs(instance: Instance, paths: Paths): StageRequest['inputs'] {
  const declared = instance.inputs.filter(({ name }) => !name.startsWith('@') && !name.startsWith('stages.'));
  return Object.fromEntries(
    declared.map(({ name, list }) => [name, list ? paths.inputs[name]! : paths.inputs[name]![0]!]),
  );
}

/** Name of unfinished work that a later attempt may continue. */
export function resumeIdentity(
  resume: NonNullable<Instance['resume']>,
  inputs: readonly { readonly name: string; readonly digests: readonly Digest[] }[],
): string {
  return digestJson([
    resume.recipe,
    inputs.filter(({ name }) => resume.inputs.includes(name)).map(({ name, digests }) => [name, digests]),
  ]);
}
