/** Unfinished fine-tuning in a folder: weights and moments as a tensor bundle, and a small file that names the newest whole one. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Variable } from '../../bert/model/variables.ts';
import { computeShape } from '../../bert/model/weights.ts';
import { type Bundle, openBundle } from '../../tensorflow/bundle/reader.ts';
import { writeBundle } from '../../tensorflow/bundle/writer.ts';
import { JglueError } from '../jglue-error.ts';

type Part = 'weight' | 'm' | 'v';

export interface SavedState {
  readonly step: number;
  read(variable: Variable, part: Part): Float32Array;
  close(): void;
}

const latestFile = 'state.json';

/** Replaces the state before; a kill at any moment leaves one of the two whole. */
export function saveState(
  folder: string,
  step: number,
  variables: readonly Variable[],
  read: (variable: number, part: Part) => Float32Array,
): void {
  const name = `state-${step}`;
  function* tensors() {
    for (const [i, variable] of variables.entries()) {
      for (const part of ['weight', 'm', 'v'] as const) {
        const { buffer, byteOffset, byteLength } = read(i, part);
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        yield { name: tensorName(variable, part), dtype: 'float32' as const, shape: computeShape(variable), bytes };
      }
    }
  }
  writeBundle(join(folder, name), tensors());
  const file = join(folder, latestFile);
  writeFileSync(`${file}.unfinished`, JSON.stringify({ step }), { flush: true });
  renameSync(`${file}.unfinished`, file);
  for (const other of readdirSync(folder)) {
    if (/^state-\d+\./.test(other) && !other.startsWith(`${name}.`)) rmSync(join(folder, other));
  }
}

/** The newest state, undefined where there is none yet. */
export function openState(folder: string): SavedState | undefined {
  const file = join(folder, latestFile);
  if (!existsSync(file)) return undefined;
  const { step } = JSON.parse(readFileSync(file, 'utf8')) as { step?: unknown };
  if (!Number.isSafeInteger(step)) throw new JglueError(`${file} is damaged: remove ${folder} to start anew`);
  const bundle: Bundle = openBundle(join(folder, `state-${step}`));
  return {
    step: step as number,
    read: (variable, part) => bundle.readFloats(tensorName(variable, part)),
    close: () => bundle.close(),
  };
}

const tensorName = ({ key }: Variable, part: Part) => `${key}/${part}`;
