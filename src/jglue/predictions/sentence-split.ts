/** MARC-ja, JSTS, JNLI and JCommonsenseQA: one answer for each example. */
import { encodeSequence } from '../features/sequence.ts';
import type { TextEncoder } from '../features/text-encoder.ts';
import { accuracy, argMax } from '../metrics/accuracy.ts';
import { correlations } from '../metrics/correlation.ts';
import { targetOf } from '../tasks/labels.ts';
import type { SentenceExample } from '../tasks/sentence-examples.ts';
import type { Task, TaskKind } from '../tasks/task.ts';
import type { Evaluation, Split } from './split.ts';
import { threeDecimals } from './three-decimals.ts';

/** `classes`: names of the labels, for a task that has such. */
export function sentenceSplit(
  examples: readonly SentenceExample[],
  { kind }: Task,
  classes: readonly string[] | undefined,
  encoder: TextEncoder,
  maxSequenceLength: number,
): Split {
  const targets = examples.map((example) => targetOf(example, classes));
  return {
    examples: examples.length,
    items: examples.map(({ texts }, i) => ({
      sequences: texts.map(([first, second]) => encodeSequence(encoder, first, second, maxSequenceLength)),
      target: [targets[i] ?? 0],
    })),
    evaluate(logits): Evaluation {
      const scores = logits.map(([each]) => each!);
      const answers = scores.map((each) => (kind === 'regression' ? each[0]! : argMax(each)));
      const labels = targets.filter((target) => target !== undefined);
      return {
        metrics: labels.length === examples.length ? metricsOf(kind, scores, answers, labels) : undefined,
        predictions: examples.map(({ id, label }, i) => ({
          id,
          prediction: classes === undefined ? answers[i] : classes[answers[i]!],
          // As the script's file of predictions has it.
          ...(kind === 'regression' && { printed: threeDecimals(answers[i]!) }),
          ...(label !== undefined && { label }),
          logits: Array.from(scores[i]!),
        })),
      };
    },
  };
}

function metricsOf(
  kind: TaskKind,
  scores: readonly Float32Array[],
  answers: readonly number[],
  labels: readonly number[],
): Record<string, number> {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (kind === 'regression') {
    const { pearson, spearman } = correlations(answers, labels);
    const loss = mean(answers.map((answer, i) => (answer - Math.fround(labels[i]!)) ** 2));
    return { loss, pearson, spearmanr: spearman, combined_score: (pearson + spearman) / 2 };
  }
  const loss = mean(scores.map((each, i) => crossEntropy(each, labels[i]!)));
  const share = accuracy(answers, labels);
  // run_swag.py's mean is one of float32.
  return { loss, accuracy: kind === 'choice' ? Math.fround(share) : share };
}

/** log Σ exp(scores) − the label's score. */
function crossEntropy(scores: Float32Array, label: number): number {
  const most = Math.max(...scores);
  return Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0)) + most - scores[label]!;
}
