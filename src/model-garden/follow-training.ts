/** What the trainer's event files tell: the lines of our log, and how far it is. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeEvents } from '../tensorflow/read-events.ts';

export type LogLine = Readonly<Record<string, number>>;

/** In the order in which `pretrain` writes them. */
const metrics = ['lm_example_loss', 'masked_lm_accuracy', 'next_sentence_loss', 'next_sentence_accuracy'];

/** Files of a model directory that the log is made from: `train/events…` and `validation/events…`. */
export const isEventFile = (name: string): boolean => /^(train|validation)\/events\.out\.tfevents\./.test(name);

/**
 * The log of a training from its model directory: one line a loop and one an evaluation, as `pretrain` writes it. Where a training went on
 * from an earlier step, the later file holds.
 */
export async function trainingLog(modelDirectory: string): Promise<LogLine[]> {
  const train = await scalarsOf(join(modelDirectory, 'train'));
  const validation = await scalarsOf(join(modelDirectory, 'validation'));
  const lines = [
    ...logged(train, 'training_loss', '', ['learning_rate']),
    ...logged(validation, 'validation_loss', 'validation_', []),
  ];
  return lines.toSorted((a, b) => a.step! - b.step!);
}

export async function writeLog(path: string, lines: readonly LogLine[]): Promise<void> {
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

async function scalarsOf(folder: string): Promise<Map<number, Record<string, number>>> {
  const bySteps = new Map<number, Record<string, number>>();
  // Their names begin with the time when they were begun.
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.startsWith('events.out.tfevents.'))
    .sort();
  for (const name of names) {
    for (const { step, scalars } of decodeEvents(await readFile(join(folder, name)))) {
      if (Object.keys(scalars).length > 0) bySteps.set(step, { ...bySteps.get(step), ...scalars });
    }
  }
  return bySteps;
}

function logged(
  scalars: ReadonlyMap<number, Readonly<Record<string, number>>>,
  loss: string,
  prefix: string,
  last: readonly string[],
): LogLine[] {
  return [...scalars].flatMap(([step, values]) => {
    if (values[loss] === undefined) return [];
    const named = [
      [loss, loss],
      ...metrics.map((name) => [`${prefix}${name}`, name]),
      ...last.map((name) => [name, name]),
    ];
    const present = named.filter(([, tag]) => values[tag!] !== undefined);
    return [{ step, ...Object.fromEntries(present.map(([name, tag]) => [name, values[tag!]!])) }];
  });
}

export interface Reports {
  progress(done: number, total: number, unit: string): void;
  metric(name: string, value: number, step: number): void;
}

/** Tells each line once, however often the model directory is looked at; a training that fell back tells its steps again. */
export function createFollower(
  modelDirectory: string,
  steps: number,
  { progress, metric }: Reports,
): () => Promise<void> {
  const told = new Set<string>();
  let furthest = -1;
  return async () => {
    for (const line of await trainingLog(modelDirectory)) {
      const text = JSON.stringify(line);
      if (told.has(text)) continue;
      told.add(text);
      const { step, ...values } = line;
      for (const [name, value] of Object.entries(values)) metric(name, value, step!);
      if (step! > furthest) progress(step!, steps, 'steps');
      furthest = Math.max(furthest, step!);
    }
  };
}
