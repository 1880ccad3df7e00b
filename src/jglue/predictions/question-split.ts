/** JSQuAD: the windows of a question give one answer together. */
import type { TextEncoder } from '../features/text-encoder.ts';
import { type QuestionWindows, questionWindows, squadWindows } from '../features/windows.ts';
import { answerScores } from '../metrics/answer-scores.ts';
import type { Question } from '../tasks/questions.ts';
import { bestAnswers } from './best-answers.ts';
import type { Split } from './split.ts';

/** With `training`, questions whose answer cannot be found are left out: `skipped`. */
export function questionSplit(
  questions: readonly Question[],
  encoder: TextEncoder,
  maxSequenceLength: number,
  training: boolean,
): Split & { readonly skipped: readonly Question[] } {
  const { kept, skipped } = questionWindows(questions, encoder, { ...squadWindows, maxSequenceLength }, training);
  const labelled = questions.every(({ answers }) => answers.length > 0);
  return {
    skipped,
    examples: kept.length,
    items: kept.flatMap(({ windows }) =>
      windows.map(({ sequence, start, end }) => ({ sequences: [sequence], target: [start, end] })),
    ),
    evaluate(logits) {
      const answers = answersOf(kept, logits, encoder);
      const gold = questions.map(({ id, answers }) => ({ id, answers: answers.map(({ text }) => text) }));
      const scores = labelled
        ? answerScores(gold, new Map(answers.map(({ id, prediction }) => [id, prediction])))
        : undefined;
      return { metrics: scores && { em: scores.exactMatch, f1: scores.f1 }, predictions: answers };
    },
  };
}

function answersOf(
  kept: readonly QuestionWindows[],
  logits: readonly (readonly Float32Array[])[],
  encoder: TextEncoder,
) {
  let used = 0;
  return kept.map((one) => {
    const own = logits.slice(used, used + one.windows.length).map(([start, end]) => ({ start: start!, end: end! }));
    used += one.windows.length;
    const best = bestAnswers(one, own, encoder);
    const { id, answers } = one.question;
    return {
      id,
      prediction: best[0]!.text,
      ...(answers.length > 0 && { answers: answers.map(({ text }) => text) }),
      best: best.map(({ text, probability, startLogit, endLogit }) => ({
        text,
        probability,
        start_logit: startLogit,
        end_logit: endLogit,
      })),
    };
  });
}
