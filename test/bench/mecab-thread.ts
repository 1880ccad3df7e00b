/** A worker of the benchmark `mecab`: parses all lines on each message, and answers with the number of tokens. */
import { parentPort, workerData } from 'node:worker_threads';
import { createTagger, type Dictionary } from '../../src/mecab/index.ts';

const { dictionary, text, bounds } = workerData as { dictionary: Dictionary; text: Uint8Array; bounds: Int32Array };
const tagger = createTagger(dictionary);
parentPort!.on('message', () => {
  let tokens = 0;
  for (let i = 0; i < bounds.length; i += 2) tokens += tagger.parse(text, bounds[i]!, bounds[i + 1]!);
  parentPort!.postMessage(tokens);
});
