/** From the logits of a question's windows to its answer: compute_predictions_logits of transformers 4.9 with JGLUE's patch. */
import type { TextEncoder } from '../features/text-encoder.ts';
import type { QuestionWindows, Window } from '../features/windows.ts';
import { tokenText } from './token-text.ts';

export interface SpanLogits {
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

export interface AnswerOptions {
  /** Starts and ends that are combined, and answers that are kept. */
  readonly bestCount: number;
  /** In tokens. */
  readonly longestAnswer: number;
}

/** run_squad.py's defaults. */
export const squadAnswers: AnswerOptions = { bestCount: 20, longestAnswer: 30 };

export interface Answer {
  readonly text: string;
  readonly probability: number;
  readonly startLogit: number;
  readonly endLogit: number;
}

/** Answers of different texts, the best first; never none. `logits[i]` belongs to `windows[i]` and covers the padding too. */
export function bestAnswers(
  { windows }: QuestionWindows,
  logits: readonly SpanLogits[],
  encoder: TextEncoder,
  { bestCount, longestAnswer }: AnswerOptions = squadAnswers,
): Answer[] {
  const candidates = windows.flatMap((window, i) => {
    const { start, end } = logits[i]!;
    const ends = largest(end, bestCount).filter((at) => isText(window, at, encoder));
    return largest(start, bestCount)
      .filter((at) => isText(window, at, encoder) && window.hasMostContext(at - window.offset))
      .flatMap((from) =>
        ends
          .filter((to) => to >= from && to - from < longestAnswer)
          .map((to) => ({ window, from, to, startLogit: start[from]!, endLogit: end[to]! })),
      );
  });
  candidates.sort((a, b) => b.startLogit + b.endLogit - (a.startLogit + a.endLogit));
  const best = new Map<string, { startLogit: number; endLogit: number }>();
  for (const { window, from, to, startLogit, endLogit } of candidates) {
    if (best.size >= bestCount) break;
    const text = tokenText(window.sequence.ids.slice(from, to + 1).map(encoder.nameOf));
    if (!best.has(text)) best.set(text, { startLogit, endLogit });
  }
  if (best.size === 0) best.set('empty', { startLogit: 0, endLogit: 0 });
  const answers = [...best].map(([text, scores]) => ({ text, ...scores }));
  const probabilities = softmax(answers.map(({ startLogit, endLogit }) => startLogit + endLogit));
  return answers.map((answer, i) => ({ ...answer, probability: probabilities[i]! }));
}

/** Whether a place in a sequence holds a token of the context. A [PAD] written in the text hides what follows, as in the original. */
function isText({ offset, length, sequence }: Window, at: number, { pad }: TextEncoder): boolean {
  if (at < offset || at >= offset + length) return false;
  const hidden = sequence.ids.indexOf(pad);
  return hidden < 0 || at < hidden;
}

/** Places of the largest numbers, the largest first; of equal ones the earlier first. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const places = Array.from({ length: values.length }, (_, i) => i);
  return places.sort((a, b) => values[b]! - values[a]! || a - b).slice(0, count);
}

export function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - most));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}
