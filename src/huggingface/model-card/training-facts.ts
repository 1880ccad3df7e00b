/** What a Model Garden configuration says of a training, for people; only what it states. */
import { z } from 'zod';
import { formatWhole } from '../../ui/quantity.ts';

const number = z.number().optional();

/** Sections may be missing, as in one of the files that make a configuration together. A value of another kind counts as not stated. */
const schema = z
  .looseObject({
    task: z
      .looseObject({
        train_data: z
          .looseObject({ global_batch_size: number, seq_length: number, max_predictions_per_seq: number })
          .optional(),
      })
      .optional(),
    trainer: z
      .looseObject({
        train_steps: number,
        optimizer_config: z
          .looseObject({
            optimizer: z
              .looseObject({
                type: z.string().optional(),
                adamw: z.looseObject({ weight_decay_rate: number }).optional(),
              })
              .optional(),
            learning_rate: z
              .looseObject({
                polynomial: z
                  .looseObject({
                    initial_learning_rate: number,
                    end_learning_rate: number,
                    decay_steps: number,
                    power: number,
                  })
                  .optional(),
              })
              .optional(),
            warmup: z.looseObject({ polynomial: z.looseObject({ warmup_steps: number }).optional() }).optional(),
          })
          .optional(),
      })
      .optional(),
  })
  .catch({});

export type Fact = readonly [what: string, value: string];

/** `configuration` is the parsed YAML; `step` how many updates the checkpoint has seen. */
export function trainingFacts(configuration: unknown, step: number | undefined): Fact[] {
  const { task, trainer } = schema.parse(configuration);
  const data = task?.train_data;
  const optimization = trainer?.optimizer_config;
  const rate = optimization?.learning_rate?.polynomial;
  const facts: readonly (readonly [string, number | string | undefined])[] = [
    ['Updates seen by this checkpoint', step],
    ['Updates planned', trainer?.train_steps],
    ['Sequences of an update', data?.global_batch_size],
    ['Tokens of a sequence', data?.seq_length],
    ['Masked tokens of a sequence, at most', data?.max_predictions_per_seq],
    ['Optimizer', optimization?.optimizer?.type],
    ['Weight decay', optimization?.optimizer?.adamw?.weight_decay_rate],
    ['Peak learning rate', rate?.initial_learning_rate],
    ['Final learning rate', rate?.end_learning_rate],
    ['Updates of warm-up', optimization?.warmup?.polynomial?.warmup_steps],
    ['Updates of decay', rate?.decay_steps],
  ];
  return facts.flatMap(([what, value]): Fact[] => (value === undefined ? [] : [[what, readable(value)]]));
}

export function readable(value: number | string): string {
  return typeof value === 'number' && Number.isInteger(value) ? formatWhole(value) : String(value);
}
