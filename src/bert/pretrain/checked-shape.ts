import { recordShape } from '../../pretraining/records/read-batches.ts';
import type { PretrainingConfig } from '../config/pretraining-config.ts';
import { TrainingError } from '../progress/error.ts';

/** Tokens of a record, and its masked positions. */
export interface RecordShape {
  readonly tokens: number;
  readonly masks: number;
}

interface Given {
  readonly config: PretrainingConfig;
  readonly records: readonly string[];
  readonly validation: readonly string[];
  readonly batchSize: number;
  readonly replicas: number;
}

/** The records' shape, held against the configuration and the options. Throws `TrainingError`. */
export async function checkedShape({ config, records, validation, batchSize, replicas }: Given): Promise<RecordShape> {
  const shape = await recordShape(records);
  const { maxPositions } = config.architecture;
  const { seq_length, max_predictions_per_seq } = config.trainData;
  if (shape.tokens > maxPositions) {
    throw new TrainingError(
      `the records have ${shape.tokens} tokens, the model has max_position_embeddings ${maxPositions}`,
    );
  }
  if (shape.tokens !== seq_length || shape.masks !== max_predictions_per_seq) {
    throw new TrainingError(
      `the records have ${shape.tokens} tokens and ${shape.masks} predictions, the data configuration says seq_length ${seq_length} ` +
        `and max_predictions_per_seq ${max_predictions_per_seq}: make one like the other`,
    );
  }
  if (batchSize % replicas !== 0) {
    throw new TrainingError(`a batch of ${batchSize} cannot be cut into ${replicas} equal replicas`);
  }
  if (validation.length > 0) {
    const other = await recordShape(validation);
    if (other.tokens !== shape.tokens || other.masks !== shape.masks) {
      throw new TrainingError(
        'the validation records have another shape than the training records: make both with the same lengths',
      );
    }
  }
  return shape;
}
