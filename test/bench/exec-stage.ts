/** One stage through `kumiki exec`, as a whole process, for the benchmarks of the text stages. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Measured, measure, measureOnce } from './measure.ts';

const cli = join(import.meta.dirname, '../../cli/main.js');

export type Words = Readonly<Record<string, string | number | readonly string[]>>;

/** Outputs are named by their paths below `folder`, and made anew in each round. */
export function execStage(
  folder: string,
  rounds: number,
  stage: string,
  { inputs, params, outputs }: { inputs: Words; params: Words; outputs: Readonly<Record<string, string>> },
): Measured {
  const list = (flag: string, values: Words) =>
    Object.entries(values).flatMap(([name, value]) => [value].flat().flatMap((each) => [flag, `${name}=${each}`]));
  const words = [...list('--input', inputs), ...list('--with', params), ...list('--output', outputs)];
  return measure(rounds, () => {
    for (const output of Object.values(outputs)) rmSync(join(folder, output), { recursive: true, force: true });
    return measureOnce([process.execPath, cli, 'exec', stage, ...words], { cwd: folder });
  });
}
