import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Input, Source } from '../graph/plan.ts';
import { checkpointFiles } from '../run/checkpoint-files.ts';
import { type InputView, sourcePath } from '../run/inputs.ts';
import type { Content, Cost } from '../stage/cost.ts';

/** What a source of an input holds, NaN bytes where nothing tells. `costOf`: of instances that have no result yet. */
export function contentOf(
  input: Input,
  source: Source,
  view: InputView,
  costOf: (instance: number) => Cost | undefined,
): Content {
  return knownContent(input, source, view, costOf) ?? { bytes: Number.NaN };
}

function knownContent(
  input: Input,
  source: Source,
  view: InputView,
  costOf: (instance: number) => Cost | undefined,
): Content | undefined {
  if (source.kind === 'value') return { bytes: JSON.stringify(source.value).length, value: source.value };
  if (source.kind === 'path') return onDisk(input, sourcePath(source, view, noValue));
  const result = view.resultOf(source.instance);
  if (result === undefined) return expected(costOf(source.instance)?.outputs?.[source.output], source.path);
  const path = sourcePath(source, view, noValue);
  if (result.payload === 'present') return onDisk(input, path);
  const { size, files } = view.store.manifest(result.key)?.outputs[source.output] ?? {};
  const bytes = source.path === undefined ? size : files?.find((file) => file.path === source.path)?.size;
  return bytes === undefined ? undefined : { bytes };
}

const noValue = () => '';

function expected(output: Content | undefined, path: string | undefined): Content | undefined {
  return path === undefined ? output : output?.below?.(path);
}

function onDisk({ kind }: Input, path: string): Content | undefined {
  try {
    const files = kind === 'checkpoint' ? checkpointFiles(path).map((file) => file.path) : [path];
    return { bytes: files.reduce((sum, file) => sum + bytesBelow(file), 0), path };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function bytesBelow(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}
