import { isAbsolute, join } from 'node:path';
import type { Input, Instance, Plan, Source } from '../graph/plan.ts';
import { isObjectUrl } from '../objects/object-url.ts';
import { digestJson } from '../store/digest/digest-json.ts';
import type { Digest, InputRecord, Key } from '../store/result.ts';
import type { Sources, Store, StoredResult } from '../store/store.ts';
import { checkpointFiles } from './checkpoint-files.ts';

/** Where the content of inputs is looked up: results of this run by instance, sources by path. */
export interface InputView {
  readonly plan: Plan;
  readonly store: Store;
  readonly sources: Sources;
  resultOf(instance: number): StoredResult | undefined;
}

export type InputDigests =
  | {
      readonly kind: 'known';
      readonly inputs: readonly { readonly name: string; readonly digests: readonly Digest[] }[];
    }
  /** Results that do not exist yet. */
  | { readonly kind: 'waiting'; readonly on: readonly number[] }
  /** Absolute paths of sources to digest first. */
  | { readonly kind: 'undigested'; readonly paths: readonly string[] }
  /** A sentence about what is not there. */
  | { readonly kind: 'missing'; readonly message: string };

/** Content digests of all that an instance consumes, as far as they can be known without waiting. */
export function digestInputs(instance: Instance, view: InputView): InputDigests {
  const waiting = instance.dependsOn.filter((index) => view.resultOf(index) === undefined);
  if (waiting.length > 0) return { kind: 'waiting', on: waiting };
  const undigested: string[] = [];
  let missing: string | undefined;
  const inputs: { name: string; digests: Digest[] }[] = [];
  for (const input of instance.inputs) {
    const digests: Digest[] = [];
    for (const source of input.sources) {
      const digest = digestSource(input, source, view, undigested);
      if (digest === undefined) missing ??= absence(input, source, view);
      digests.push(digest ?? nothing);
    }
    inputs.push({ name: input.name, digests });
  }
  if (undigested.length > 0) return { kind: 'undigested', paths: undigested };
  return missing === undefined ? { kind: 'known', inputs } : { kind: 'missing', message: missing };
}

const nothing: Digest = 'sha256:';

/** Undefined for a path that a result lacks; a source that is not digested yet is noted and gets a placeholder. */
function digestSource(input: Input, source: Source, view: InputView, undigested: string[]): Digest | undefined {
  switch (source.kind) {
    case 'value':
      return digestJson(source.value);
    case 'path':
      if (input.kind === 'checkpoint') return digestCheckpoint(source, view, undigested);
      return knownOrNoted(absolutePath(source.path, view), view, undigested);
    case 'output': {
      const result = view.resultOf(source.instance)!;
      if (source.path === undefined) return result.outputs[source.output]?.digest;
      return (
        view.store.digestBelow(result.key, source.output, source.path) ??
        (input.kind === 'checkpoint'
          ? digestCheckpointBelow(view.store, result.key, source.output, source.path)
          : undefined)
      );
    }
  }
}

function knownOrNoted(path: string, view: InputView, undigested: string[]): Digest {
  const known = view.sources.known(path);
  if (known === undefined) undigested.push(path);
  return known ?? nothing;
}

function digestCheckpoint(source: Source & { kind: 'path' }, view: InputView, undigested: string[]): Digest {
  const path = absolutePath(source.path, view);
  if (isObjectUrl(path) && knownOrNoted(path, view, undigested) === nothing) return nothing;
  const files = checkpointFiles(view.sources.located(path));
  return digestJson(files.map(({ part, path }) => [part, knownOrNoted(path, view, undigested)]));
}

/** Segments that `join` would resolve. */
const unnormalized = /(?:^|\/)\.{0,2}(?:\/|$)/;

function absolutePath(path: string, view: InputView): string {
  if (isAbsolute(path) || isObjectUrl(path)) return path;
  return unnormalized.test(path) ? join(view.plan.root, path) : `${view.plan.root}/${path}`;
}

function digestCheckpointBelow(store: Store, key: Key, output: string, prefix: string): Digest | undefined {
  const files = store.manifest(key)?.outputs[output]?.files?.filter(({ path }) => path.startsWith(`${prefix}.`)) ?? [];
  if (files.length === 0) return undefined;
  return digestJson(files.map(({ path, digest }) => [path.slice(prefix.length), digest]));
}

function absence(input: Input, source: Source, view: InputView): string {
  if (source.kind !== 'output') return `input ${input.name} is not there`;
  const producer = view.plan.instances[source.instance]!.id;
  return `input ${input.name}: output ${source.output} of ${producer} holds no ${source.path}`;
}

/** Every path outside the store that an instance reads, with the digest that its key was made from. */
export function outsideFiles(
  instance: Instance,
  view: InputView,
): readonly { readonly path: string; readonly digest: Digest | undefined }[] {
  return instance.inputs
    .flatMap((input) =>
      input.sources.flatMap((source) => (source.kind === 'path' ? outsidePaths(input, source, view) : [])),
    )
    .map((path) => ({ path, digest: view.sources.known(path) }));
}

function outsidePaths(input: Input, source: Source & { kind: 'path' }, view: InputView): readonly string[] {
  const path = absolutePath(source.path, view);
  if (isObjectUrl(path)) return [path];
  return input.kind === 'checkpoint' ? checkpointFiles(path).map((file) => file.path) : [path];
}

/** Keys of the results that an instance reads, without repeats. */
export function consumedKeys(instance: Instance, view: InputView): readonly Key[] {
  return [...new Set(instance.dependsOn.map((index) => view.resultOf(index)!.key))];
}

/** What the manifest says of the inputs. */
export function recordInputs(
  instance: Instance,
  digests: readonly { readonly digests: readonly Digest[] }[],
  view: InputView,
): readonly InputRecord[] {
  return instance.inputs.map((input, at) => ({
    name: input.name,
    digests: digests[at]!.digests,
    from: input.sources.map((source) => describeSource(source, view.plan)),
    keys: input.sources.map((source) => (source.kind === 'output' ? view.resultOf(source.instance)!.key : null)),
    ...(input.sources.some(({ kind }) => kind === 'value') && {
      values: input.sources.map((source) => (source.kind === 'value' ? source.value : null)),
    }),
  }));
}

function describeSource(source: Source, plan: Plan): string {
  switch (source.kind) {
    case 'path':
      return source.path;
    case 'value':
      return 'a value of the workflow';
    case 'output':
      return [`${plan.instances[source.instance]!.id}.${source.output}`, ...(source.path ? [source.path] : [])].join(
        '/',
      );
  }
}

/** Absolute path that a stage reads a source from; `writeValue` puts a value of the workflow into a file. */
export function sourcePath(
  source: Source,
  view: InputView,
  writeValue: (value: Source & { kind: 'value' }) => string,
): string {
  switch (source.kind) {
    case 'path':
      return view.sources.located(absolutePath(source.path, view));
    case 'value':
      return writeValue(source);
    case 'output': {
      const output = view.store.outputPath(view.resultOf(source.instance)!.key, source.output);
      return source.path === undefined ? output : join(output, source.path);
    }
  }
}
