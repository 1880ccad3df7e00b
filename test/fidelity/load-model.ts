/**
 * Converts the original's golden checkpoint and loads every file with transformers, by hand:
 *   node dist/test/fidelity/load-model.js FOLDER
 * makes two virtual environments in FOLDER unless they are there (several GB to fetch): transformers 4.30.0 with PyTorch, TensorFlow and
 * Flax, and the current transformers with PyTorch. Environments that exist already: KUMIKI_TRANSFORMERS, their interpreters, separated by colons.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenizerConfigs } from '../huggingface/random-model.ts';
import { sharedPath } from '../shared.ts';

/** The second list is what the first, from 2023, no longer finds by itself. */
const environments: Readonly<Record<string, readonly string[]>> = {
  'transformers-4.30': [
    ...[
      'transformers==4.30.0',
      'tokenizers==0.13.2',
      'torch==1.13.1',
      'tensorflow-cpu==2.12.1',
      'flax==0.6.9',
      'safetensors',
    ],
    ...[
      'jax==0.4.13',
      'jaxlib==0.4.13',
      'orbax-checkpoint==0.2.2',
      'tensorstore==0.1.40',
      'optax==0.1.5',
      'chex==0.1.7',
    ],
    ...['protobuf<4.26', 'numpy<1.24', 'scipy<1.12', 'setuptools<80'],
  ],
  'transformers-current': ['transformers', 'torch', 'numpy', 'safetensors'],
};

function interpreters(folder: string): string[] {
  if (process.env.KUMIKI_TRANSFORMERS !== undefined) return process.env.KUMIKI_TRANSFORMERS.split(':');
  return Object.entries(environments).map(([name, packages]) => {
    const python = join(folder, name, 'bin/python');
    if (!existsSync(python)) {
      execFileSync('python3', ['-m', 'venv', join(folder, name)], { stdio: 'inherit' });
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' });
    }
    return python;
  });
}

const golden = sharedPath('golden/model-garden');
const vocabularies = sharedPath('golden/vocab');
if (golden === undefined || vocabularies === undefined) throw new Error('the reference data is needed (KUMIKI_SHARED)');
const folder = mkdtempSync(join(tmpdir(), 'kumiki-load-model-'));
try {
  const vocab = join(folder, 'vocab.txt');
  const tokens = readFileSync(join(vocabularies, 'wordpiece-32768.txt'), 'utf8').split('\n').slice(0, 800);
  writeFileSync(vocab, tokens.map((token) => `${token}\n`).join(''));
  const model = join(folder, 'model');
  execFileSync(
    process.execPath,
    [
      ...[join(import.meta.dirname, '../../cli/main.js'), 'exec', 'convert'],
      ...['--input', `checkpoint=${join(golden, 'model_dir')}`, '--input', `model=${join(golden, 'model.yaml')}`],
      ...['--input', `vocab=${vocab}`, '--input', `tokenizer_config=${join(tokenizerConfigs, 'wordpiece.yaml')}`],
      ...['--output', `model=${model}`],
    ],
    { stdio: 'inherit' },
  );
  const script = join(import.meta.dirname, '../../../test/fidelity/load-model.py');
  const expected = join(golden, 'hf/expected_logits.safetensors');
  for (const python of interpreters(process.argv[2] ?? folder)) {
    const { status } = spawnSync(python, [script, model, expected], { stdio: ['ignore', 'inherit', 'ignore'] });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
