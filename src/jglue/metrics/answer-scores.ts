/** Exact match and F1 of answers, as JGLUE's patch of SQuAD's evaluation has them: by character, with nothing but 。 at the end removed. */
import { lowerCase } from '../../text/lower-case.ts';
import { splitAtWhitespace } from '../../text/whitespace.ts';

export interface AnswerScores {
  /** Means over questions, 0 to 1. */
  readonly exactMatch: number;
  readonly f1: number;
}

/** Lower case, then without 。 at the end, then with single spaces between words: in this order, so that "東京。 " keeps its 。. */
export function normalizeAnswer(text: string): string {
  return splitAtWhitespace(lowerCase(text).replace(/。+$/u, '')).join(' ');
}

export function exactMatch(gold: string, predicted: string): number {
  return normalizeAnswer(gold) === normalizeAnswer(predicted) ? 1 : 0;
}

/** 2PR / (P + R) over the multisets of code points. An empty side counts 1 only against another. */
export function characterF1(gold: string, predicted: string): number {
  const [wanted, given] = [gold, predicted].map((text) => Array.from(normalizeAnswer(text)));
  if (wanted!.length === 0 || given!.length === 0) return wanted!.length === given!.length ? 1 : 0;
  const left = new Map<string, number>();
  for (const character of wanted!) left.set(character, (left.get(character) ?? 0) + 1);
  let common = 0;
  for (const character of given!) {
    const count = left.get(character) ?? 0;
    if (count > 0) common++;
    left.set(character, count - 1);
  }
  if (common === 0) return 0;
  const precision = common / given!.length;
  const recall = common / wanted!.length;
  return (2 * precision * recall) / (precision + recall);
}

export interface GoldAnswers {
  readonly id: string;
  readonly answers: readonly string[];
}

/** Best score over a question's gold answers; those that normalise to nothing do not count, and where none is left gold is nothing. */
export function answerScores(
  questions: readonly GoldAnswers[],
  predictions: ReadonlyMap<string, string>,
): AnswerScores {
  let [exact, f1] = [0, 0];
  for (const { id, answers } of questions) {
    const some = answers.filter((answer) => normalizeAnswer(answer) !== '');
    const gold = some.length > 0 ? some : [''];
    const predicted = predictions.get(id) ?? '';
    exact += Math.max(...gold.map((answer) => exactMatch(answer, predicted)));
    f1 += Math.max(...gold.map((answer) => characterF1(answer, predicted)));
  }
  return { exactMatch: exact / questions.length, f1: f1 / questions.length };
}
