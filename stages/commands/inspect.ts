import { type Command, InvalidArgumentError } from 'commander';
import { countRecords, inspectRecords } from '../../src/pretraining/records/inspect-records.ts';
import { loadVocabulary, tokenNames } from '../../src/wordpiece/vocabulary.ts';
import { explained } from '../explained.ts';

interface Options {
  readonly vocab?: string;
  readonly skip: number;
  readonly limit: number;
  readonly count?: true;
}

export function define(command: Command): void {
  command
    .argument('<files...>', 'TFRecord files of pretraining data, gzip or not, or directories of them')
    .option('--vocab <file>', 'vocab.txt to show tokens with, instead of ids')
    .option('--skip <n>', 'records to pass over', wholeNumber, 0)
    .option('--limit <n>', 'records to show', wholeNumber, 20)
    .option('--count', 'read all records, check their checksums, and print how many there are')
    .addHelpText('after', '\nA masked token reads original→shown, and original→= where it was kept.')
    .action((files: string[], options: Options) =>
      explained(() => (options.count ? printCounts(files) : printRecords(files, options))),
    );
}

async function printRecords(files: readonly string[], { vocab, skip, limit }: Options): Promise<void> {
  const tokenOf = vocab === undefined ? String : tokenNames(await loadVocabulary(vocab));
  for await (const text of inspectRecords(files, { tokenOf, skip, limit })) process.stdout.write(`${text}\n`);
}

async function printCounts(files: readonly string[]): Promise<void> {
  for await (const { path, records, bytes } of countRecords(files)) {
    process.stdout.write(`${path}: ${records} records, ${bytes} bytes of data\n`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}
