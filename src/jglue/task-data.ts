/** The examples of a task, encoded for a model. */
import { join } from 'node:path';
import { modelVocabulary } from '../huggingface/model-vocabulary.ts';
import type { Model } from '../huggingface/open-model.ts';
import { loadDictionary } from '../mecab/index.ts';
import { createTextEncoder, type TextEncoder } from './features/text-encoder.ts';
import { JglueError } from './jglue-error.ts';
import { questionSplit } from './predictions/question-split.ts';
import { sentenceSplit } from './predictions/sentence-split.ts';
import type { Split } from './predictions/split.ts';
import { classesOf } from './tasks/labels.ts';
import { type Question, readQuestions } from './tasks/questions.ts';
import { readSentenceExamples } from './tasks/sentence-examples.ts';
import type { Task } from './tasks/task.ts';

export interface TaskFiles {
  readonly train: string;
  readonly dev: string;
  readonly test: string | undefined;
  readonly maxSequenceLength: number;
  /** The first so many of the training examples only. */
  readonly maxTrainExamples: number | undefined;
  log(line: string): void;
  warn(line: string): void;
}

export interface TaskData {
  /** Names of the labels, where the task has such. */
  readonly classes: readonly string[] | undefined;
  readonly train: Split;
  readonly dev: Split;
  readonly test: Split | undefined;
}

/** Reads and encodes all parts of a task. Throws `JglueError` naming file and line. */
export async function readTaskData(task: Task, encoder: TextEncoder, files: TaskFiles): Promise<TaskData> {
  const data = await (task.kind === 'span' ? readQuestionParts : readSentenceParts)(task, encoder, files);
  const { train, dev, test } = data;
  files.log(
    `${task.title}: ${train.examples} examples to train on, ${dev.examples} dev${test ? `, ${test.examples} test` : ''}`,
  );
  warnOfUnknown(train, encoder, files.warn);
  return data;
}

async function readSentenceParts(task: Task, encoder: TextEncoder, files: TaskFiles): Promise<TaskData> {
  const { maxTrainExamples: limit, maxSequenceLength } = files;
  const examples = await readSentenceExamples(files.train, task, { labelled: true, limit });
  const classes = task.kind === 'classification' ? classesOf(examples) : undefined;
  const split = async (path: string, labelled: boolean) => {
    const given = await readSentenceExamples(path, task, { labelled });
    const unlabelled = given.filter(({ label }) => label === undefined);
    warnOfSome(unlabelled, given.length, files.warn);
    if (task.kind === 'regression' && given.length === 1 && unlabelled.length === 0) {
      throw new JglueError(`${given[0]!.place}: there is no other example, and a correlation needs two`);
    }
    return sentenceSplit(given, task, classes, encoder, maxSequenceLength);
  };
  return {
    classes,
    train: sentenceSplit(examples, task, classes, encoder, maxSequenceLength),
    dev: await split(files.dev, true),
    test: files.test === undefined ? undefined : await split(files.test, false),
  };
}

async function readQuestionParts(_: Task, encoder: TextEncoder, files: TaskFiles): Promise<TaskData> {
  const { maxTrainExamples: limit, maxSequenceLength, warn } = files;
  const questions = await readQuestions(files.train, { labelled: true, limit });
  const train = questionSplit(questions, encoder, maxSequenceLength, true);
  const [skipped] = train.skipped;
  if (train.examples === 0)
    throw new JglueError(`${skipped!.place}: no question has its answer at its place in the context`);
  if (skipped !== undefined) {
    warn(`${train.skipped.length} questions are left out: their answer is not at its place, such as ${skipped.place}`);
  }
  const split = async (path: string, labelled: boolean) => {
    const given = await readQuestions(path, { labelled });
    refuseSameIds(given);
    const unlabelled = given.filter(({ answers }) => answers.length === 0);
    warnOfSome(unlabelled, given.length, warn);
    return questionSplit(given, encoder, maxSequenceLength, false);
  };
  return {
    classes: undefined,
    train,
    dev: await split(files.dev, true),
    test: files.test === undefined ? undefined : await split(files.test, false),
  };
}

/** Predictions are told apart by the ids of their questions. */
function refuseSameIds(questions: readonly Question[]): void {
  const places = new Map<string, string>();
  for (const { id, place } of questions) {
    const other = places.get(id);
    if (other !== undefined) throw new JglueError(`${place}: has the id of another question, ${other}`);
    places.set(id, place);
  }
}

/** A part where only some examples have a label is predicted, and not evaluated. */
function warnOfSome(
  unlabelled: readonly { readonly place: string }[],
  all: number,
  warn: (line: string) => void,
): void {
  if (unlabelled.length === 0 || unlabelled.length === all) return;
  warn(`${unlabelled[0]!.place}: no label, as ${unlabelled.length} of ${all}: there will be no metrics of this file`);
}

/** Makes ids of texts as the model wants them. Throws `JglueError` or `ModelError` where model, vocabulary and length do not fit each other. */
export async function encoderFor(
  model: Model,
  { title, kind, fields }: Task,
  dictionary: string,
  maxSequenceLength: number,
): Promise<TextEncoder> {
  const { maxPositions, typeVocabSize } = model.config.architecture;
  const config = join(model.directory, 'config.json');
  const hasPairs = kind === 'choice' || fields.second !== undefined;
  if (hasPairs && typeVocabSize < 2) {
    throw new JglueError(`${config} says type_vocab_size ${typeVocabSize}: the two texts of ${title} need two types`);
  }
  if (maxSequenceLength > maxPositions) {
    throw new JglueError(
      `max_seq_length ${maxSequenceLength} exceeds the model's max_position_embeddings ${maxPositions} (${config}): give a smaller one`,
    );
  }
  const vocabulary = await modelVocabulary(model);
  return createTextEncoder(await loadDictionary(dictionary), vocabulary, model.tokenizer.options);
}

/** Above this share of [UNK] a vocabulary or dictionary is hardly the model's. */
const suspiciousShare = 0.1;

function warnOfUnknown({ items }: Split, { nameOf }: TextEncoder, warn: (line: string) => void): void {
  let [unknown, all] = [0, 0];
  for (const { sequences } of items.slice(0, 1000)) {
    for (const { ids } of sequences) {
      all += ids.length;
      unknown += ids.filter((id) => nameOf(id) === '[UNK]').length;
    }
  }
  if (unknown > suspiciousShare * all) {
    warn(`${Math.round((100 * unknown) / all)} % of the tokens are [UNK]: are vocab.txt and dictionary the model's?`);
  }
}
