import { slotWords } from '../instances/instance-slots.ts';
import { instanceText } from './instance-text.ts';
import { recordEncoder } from './record-encoder.ts';
import type { RecordSetup } from './record-worker.ts';

const sampleSize = 20;

/** Passes the slots on, and shows the first instances in the log as the original does. */
export async function* withSample(
  blocks: AsyncIterable<Uint32Array>,
  { ids, vocabulary, options }: RecordSetup,
  tokenOf: (id: number) => string,
  log: (line: string) => void,
): AsyncGenerator<Uint32Array> {
  const encoder = recordEncoder(ids, vocabulary, options);
  const words = slotWords(options.maxMasks);
  let shown = 0;
  for await (const block of blocks) {
    for (let at = 0; shown < sampleSize && at < block.length; at += words) {
      log(`instance ${++shown}: ${instanceText(encoder.features(block, at), tokenOf).join('\n')}`);
    }
    yield block;
  }
}
