/**
 * Peak memory of the corpus and tokenizer stages, whole processes, as their input grows: the same reference data
 * (`KUMIKI_SHARED`) once, four and sixteen times; dictionary: `KUMIKI_UNIDIC_LITE`. Lines of `sample-corpus` and distinct words
 * of `train-tokenizer` stay the same, so no stage should need more for more text.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';
import { execStage, type Words } from './exec-stage.ts';
import { printRow } from './measure.ts';

interface Case {
  readonly stage: string;
  /** Given so many times, as files one after the other. */
  readonly input: string;
  readonly path: string;
  readonly inputs?: Words;
  readonly params: Words;
  readonly output: string;
  readonly goal: string;
}

function cases(archive: string, dump: string, text: string, dictionary: string): Case[] {
  const texts = { input: 'texts', goal: 'flat, 600 MiB' };
  return [
    { ...texts, stage: 'sample-corpus', path: archive, params: { num_lines: 50_000 }, output: 'sample' },
    {
      ...texts,
      stage: 'train-tokenizer',
      path: text,
      inputs: { dictionary },
      params: { pre_tokenizer_type: 'mecab', vocab_size: 8000 },
      output: 'vocab',
    },
    { ...texts, stage: 'split-corpus', path: archive, params: { num_files: 16 }, output: 'shards' },
    {
      ...texts,
      stage: 'wikipedia-corpus',
      input: 'dump',
      path: dump,
      inputs: { dictionary },
      params: {},
      output: 'corpus',
    },
  ];
}

/** A list of inputs is the file again and again; a stage with one dump gets archives one behind the other in it. */
function repeated(folder: string, { input, path }: Case, times: number): Words {
  if (input === 'texts') return { texts: Array<string>(times).fill(path) };
  const joined = join(folder, `${times}.gz`);
  for (let i = 0; i < times; i++) appendFileSync(joined, readFileSync(path));
  return { [input]: joined };
}

function bench(folder: string, all: readonly Case[]): void {
  for (const each of all) {
    for (const times of [1, 4, 16]) {
      const inputs = { ...each.inputs, ...repeated(folder, each, times) };
      const measured = execStage(folder, 1, each.stage, {
        inputs,
        params: each.params,
        outputs: { [each.output]: 'output' },
      });
      printRow(`${each.stage}, ${times} ×`, measured, undefined, each.goal);
    }
  }
}

const archive = sharedPath('data/ja.cc100.txt.xz');
const dump = sharedPath('data/ja.cirrus.json.gz');
const text = sharedPath('golden/tokenizer-train.txt');
const dictionary = unidicLite();
if (archive === undefined || dump === undefined || text === undefined || dictionary === undefined) {
  console.log('skipped: needs the reference data (KUMIKI_SHARED) and unidic-lite (KUMIKI_UNIDIC_LITE)');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-'));
  try {
    bench(folder, cases(archive, dump, text, dictionary));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
