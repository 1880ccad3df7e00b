/** The README.md of a converted model: it follows from what the model was converted from, and nothing else. */
import type { Architecture } from '../../bert/model/architecture.ts';
import type { TokenizerConfig } from '../config/tokenizer-config.ts';
import { elementsOf, type WeightInfo } from '../weights/weight.ts';
import { tableCell } from './table-cell.ts';
import { type Fact, readable } from './training-facts.ts';

export interface CardInputs {
  readonly architecture: Architecture;
  readonly weights: readonly WeightInfo[];
  /** As config.json states it. */
  readonly hiddenAct: string;
  /** As the training computed it, where that is known. */
  readonly trainedWith: string | undefined;
  readonly tokenizer: TokenizerConfig;
  readonly vocabularySize: number;
  readonly training: readonly Fact[];
}

const activations: Readonly<Record<string, string>> = {
  gelu: 'GELU, exact (`gelu`)',
  gelu_new: 'GELU, tanh approximation (`gelu_new`)',
};

export function modelCard(inputs: CardInputs): string {
  const { training } = inputs;
  const sections = [
    `# ${title(inputs)}`,
    introduction(inputs),
    `## Architecture\n\n${table(architectureFacts(inputs))}`,
    `## Tokenization\n\n${tokenization(inputs)}`,
    ...(training.length > 0 ? [`## Training\n\n${table(training)}`] : []),
    `## How to use\n\n${usage(inputs)}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function title({ architecture, tokenizer }: CardInputs): string {
  const { layers, hiddenSize } = architecture;
  const size =
    layers === 12 && hiddenSize === 768
      ? 'base'
      : layers === 24 && hiddenSize === 1024
        ? 'large'
        : `with ${layers} layers of ${hiddenSize}`;
  return `BERT ${size} for Japanese (${tokenizer.options.subword === 'character' ? 'characters' : 'WordPiece'})`;
}

function introduction({ hiddenAct, trainedWith }: CardInputs): string {
  const text =
    'A BERT model pretrained on Japanese text to predict masked tokens and the next sentence, converted from a TensorFlow checkpoint with Kumiki.';
  if (trainedWith === undefined || trainedWith === hiddenAct) return text;
  return `${text} It was trained with \`hidden_act\` ${trainedWith}; its configuration states ${hiddenAct}, whose values differ by less than 0.0005.`;
}

function architectureFacts({ architecture, weights, hiddenAct }: CardInputs): Fact[] {
  const parameters = weights.reduce((total, weight) => total + elementsOf(weight), 0);
  const facts: readonly (readonly [string, number])[] = [
    ['Layers', architecture.layers],
    ['Hidden size', architecture.hiddenSize],
    ['Attention heads', architecture.heads],
    ['Feed-forward size', architecture.intermediateSize],
    ['Positions', architecture.maxPositions],
    ['Vocabulary', architecture.vocabSize],
    ['Parameters, with the heads of pretraining', parameters],
  ];
  return [
    ...facts.map(([what, value]): Fact => [what, readable(value)]),
    ['Activation', activations[hiddenAct] ?? hiddenAct],
  ];
}

function tokenization({ tokenizer, vocabularySize }: CardInputs): string {
  const { subword, lowerCase } = tokenizer.options;
  const pieces =
    subword === 'character'
      ? 'Words are then split into characters.'
      : 'Words are then split into subwords by WordPiece.';
  const letters = lowerCase ? 'Text is lower-cased.' : 'Capital letters are kept.';
  return `Text is normalised (NFKC) and split into words by MeCab with the dictionary \`${tokenizer.dictionary}\`. ${pieces} ${letters} The vocabulary has ${readable(vocabularySize)} tokens.`;
}

function usage({ tokenizer }: CardInputs): string {
  const packages = ['transformers', 'fugashi', tokenizer.dictionary.replaceAll('_', '-')].join(' ');
  return `With \`pip install ${packages}\`, in this directory:

\`\`\`python
from transformers import AutoModelForMaskedLM, AutoTokenizer, pipeline

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForMaskedLM.from_pretrained(".")
fill_mask = pipeline("fill-mask", model=model, tokenizer=tokenizer)
print(fill_mask(f"東北大学で{tokenizer.mask_token}の研究をしています。"))
\`\`\`

Without Python:

\`\`\`sh
kumiki fill-mask . "東北大学で[MASK]の研究をしています。"
\`\`\``;
}

function table(rows: readonly Fact[]): string {
  return ['| | |', '|---|---|', ...rows.map(([what, value]) => `| ${what} | ${tableCell(value)} |`)].join('\n');
}
