import type { ScalarEvent } from '../../tensorflow/event-file.ts';

/** Lines of a log as the scalars that Model Garden shows TensorBoard, in its two folders: both name a metric alike, so that it draws them together. */
export function summariesOf(
  lines: readonly Readonly<Record<string, number>>[],
): Record<'train' | 'validation', ScalarEvent[]> {
  const events = lines.map(({ step = 0, ...scalars }) => ({ step, scalars }));
  const isValidation = ({ scalars }: ScalarEvent) => 'validation_loss' in scalars;
  return {
    train: events.filter((event) => !isValidation(event)),
    validation: events.filter(isValidation).map(({ step, scalars }) => ({ step, scalars: unprefixed(scalars) })),
  };
}

function unprefixed(scalars: ScalarEvent['scalars']): ScalarEvent['scalars'] {
  const named = Object.entries(scalars).map(([name, value]) => {
    return [name === 'validation_loss' ? name : name.replace(/^validation_/, ''), value] as const;
  });
  return Object.fromEntries(named);
}
