/** JGLUE's tasks from a checkout or an archive of it, checked, as TASK/{train,dev,test}.json. */
import { copyFileSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unpackFiles } from '../../fetch/unpack-files.ts';
import { JglueError } from '../jglue-error.ts';
import { readQuestions } from '../tasks/questions.ts';
import { readSentenceExamples } from '../tasks/sentence-examples.ts';
import { type TaskName, tasks } from '../tasks/task.ts';
import { type Checkout, findTasks, isOfInterest, type Part, parts } from './find-tasks.ts';
import { buildMarcJa } from './marc-ja.ts';

export interface CollectOptions {
  /** A directory, or a tar or zip archive. */
  readonly source: string;
  /** The corpus that MARC-ja is made from. */
  readonly marcJa: string | undefined;
  readonly tasks: readonly TaskName[];
  readonly target: string;
  readonly scratch: string;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
  log(line: string): void;
  warn(line: string): void;
}

/** Examples in version 1.3, as its README counts them. MARC-ja's test set is not given out. */
const published: Readonly<Record<TaskName, Readonly<Partial<Record<Part, number>>>>> = {
  marc_ja: { train: 187_528, dev: 5_654 },
  jsts: { train: 12_451, dev: 1_457, test: 1_589 },
  jnli: { train: 20_073, dev: 2_434, test: 2_508 },
  jsquad: { train: 62_697, dev: 4_442, test: 4_420 },
  jcommonsenseqa: { train: 8_939, dev: 1_119, test: 1_118 },
};

/** Tasks without train or dev are left out with a warning; throws `JglueError` if none is left, or where a file is wrong. */
export async function collectData(options: CollectOptions): Promise<void> {
  const checkout = await openCheckout(options);
  let collected = 0;
  for (const name of options.tasks) {
    const missing = await collectTask(name, checkout, options);
    if (missing === undefined) collected++;
    else options.warn(`${tasks[name].title} is skipped: ${missing}`);
  }
  if (collected === 0)
    throw new JglueError(`${options.source}: none of the tasks ${options.tasks.join(', ')} is whole there`);
}

async function openCheckout({ source, scratch }: CollectOptions): Promise<Checkout> {
  if (statSync(source).isDirectory()) return findTasks(source);
  const folder = join(scratch, 'jglue');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await unpackFiles(source, isOfInterest, folder);
  return findTasks(folder);
}

/** Why a task was left out; undefined for one that was not. */
async function collectTask(name: TaskName, checkout: Checkout, options: CollectOptions): Promise<string | undefined> {
  const found = checkout.tasks.get(name);
  const target = join(options.target, name);
  const lacks = found === undefined ? [] : parts.filter((part) => part !== 'test' && found.files[part] === undefined);
  if (found !== undefined && lacks.length === 0) {
    mkdirSync(target, { recursive: true });
    for (const part of parts) {
      const file = found.files[part];
      if (file === undefined) continue;
      reportCount(name, part, await countExamples(name, file, part), found.version, options);
      copyFileSync(file, join(target, `${part}.json`));
    }
    return undefined;
  }
  if (name === 'marc_ja') return makeMarcJa(checkout, target, options);
  if (found === undefined) return `there is no folder ${name}-v… in the source`;
  const names = lacks.map((part) => `${part === 'dev' ? 'valid' : part}-v${found.version}.json`);
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} missing in ${name}-v${found.version}`;
}

async function makeMarcJa(checkout: Checkout, target: string, options: CollectOptions): Promise<string | undefined> {
  const { marcJa, log } = options;
  if (marcJa === undefined) {
    return 'JGLUE may not give it out. With the corpus amazon_reviews_multilingual_JP_v1_00.tsv.gz as the input `marc_ja` it is made';
  }
  if (checkout.marcJaLists === undefined) {
    throw new JglueError(
      `${options.source} has no preprocess/marc-ja/data, which MARC-ja is made with: give a whole checkout of JGLUE`,
    );
  }
  mkdirSync(target, { recursive: true });
  const counts = await buildMarcJa({
    corpus: marcJa,
    lists: checkout.marcJaLists,
    train: join(target, 'train.json'),
    dev: join(target, 'dev.json'),
    signal: options.signal,
    progress: options.progress,
  });
  log(
    `MARC-ja: made ${counts.train} train and ${counts.dev} dev examples; JGLUE has ${published.marc_ja.train} and ${published.marc_ja.dev}`,
  );
  return undefined;
}

/** Reads the whole file, so that whatever is wrong in it is told here and with its line. */
async function countExamples(name: TaskName, file: string, part: Part): Promise<number> {
  const task = tasks[name];
  const labelled = part !== 'test';
  const read =
    task.kind === 'span' ? readQuestions(file, { labelled }) : readSentenceExamples(file, task, { labelled });
  return (await read).length;
}

function reportCount(name: TaskName, part: Part, count: number, version: string, { log, warn }: CollectOptions): void {
  const line = `${tasks[name].title} ${part}: ${count} examples`;
  const expected = version === '1.3' ? published[name][part] : undefined;
  if (expected === undefined || expected === count) log(line);
  else warn(`${line}, where JGLUE ${version} has ${expected}: is the file whole?`);
}
