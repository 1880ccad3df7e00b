import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Backend, backends, openDevice } from '../../src/devices/open-device.ts';
import { type FilledMasks, fillMask } from '../../src/huggingface/fill-mask.ts';
import { openModel } from '../../src/huggingface/open-model.ts';
import { explained } from '../explained.ts';
import { modelDictionary } from './model-dictionary.ts';

interface Options {
  readonly top: number;
  readonly dictionary?: string;
  readonly backend: Backend;
  readonly json?: true;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'model directory: one that convert made, or one of the Hugging Face hub')
    .argument('<text>', 'text with [MASK] where a word is to be found')
    .option('--top <n>', 'words to show for each [MASK]', positive, 5)
    .option('--dictionary <directory>', 'MeCab dictionary, instead of the one that the model names')
    .addOption(new Option('--backend <name>', 'where to compute').choices(backends).default('auto'))
    .option('--json', 'print JSON')
    .action((model: string, text: string, options: Options) => explained(() => run(model, text, options)));
}

async function run(directory: string, text: string, { top, dictionary, backend, json }: Options): Promise<void> {
  const model = await openModel(directory);
  try {
    const mecab = await modelDictionary(model.tokenizer.dictionary, dictionary, (line) =>
      process.stderr.write(`${line}\n`),
    );
    const device = await openDevice(backend, availableParallelism());
    const filled = await fillMask(model, device, mecab, text, top);
    process.stdout.write(json ? `${JSON.stringify(filled)}\n` : asText(filled));
  } finally {
    model.close();
  }
}

/** The tokens, and for each [MASK] its candidates with the text that they make. */
function asText({ tokens, masks }: FilledMasks): string {
  const lines = masks.flatMap(({ position, candidates }) => [
    ...(masks.length > 1 ? [`[MASK] at token ${position}:`] : []),
    ...candidates.map(({ token, probability }) => {
      const filled = tokens.with(position, token).slice(1, -1).join(' ');
      return `${probability.toFixed(4)}  ${token}  ${filled}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}

function positive(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}
