/**
 * The stage convert on a base-size checkpoint of random weights, whole process, into all four formats, beside the original's converter
 * (`KUMIKI_ORIGINAL`, a checkout of bert-japanese, and `KUMIKI_CONVERTER_PYTHON`, an interpreter with transformers 4.30, PyTorch, TensorFlow
 * and Flax). Memory: at most twice the largest tensor and 200 MiB.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from '../../src/bert/model/architecture.ts';
import { bertConfigOf, saveRandomCheckpoint, tokenizerConfigs, vocabulary } from '../huggingface/random-model.ts';
import { sharedPath } from '../shared.ts';
import { type Measured, measure, measureOnce, printRow, summary } from './measure.ts';

const base: Architecture = {
  vocabSize: 32768,
  hiddenSize: 768,
  layers: 12,
  heads: 12,
  intermediateSize: 3072,
  maxPositions: 512,
  typeVocabSize: 2,
  initializerRange: 0.02,
};

const outputs = ['model', 'one', 'original'];

const main = join(import.meta.dirname, '../../cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'kumiki-bench-convert-'));
try {
  const checkpoint = saveRandomCheckpoint(join(folder, 'model_dir'), base);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(bertConfigOf(base)));
  const largest = 4 * base.vocabSize * base.hiddenSize;
  const bound = Math.round((2 * largest) / 2 ** 20 + 200);

  const convert = (output: string, ...options: string[]) =>
    measureOnce(
      [
        ...[process.execPath, main, 'exec', 'convert', ...options],
        ...['--input', `checkpoint=${checkpoint}`, '--input', `model=${config}`, '--input', `vocab=${vocabulary}`],
        ...['--input', `tokenizer_config=${join(tokenizerConfigs, 'wordpiece.yaml')}`],
        ...['--output', `model=${join(folder, output)}`],
      ],
      { cwd: folder },
    );
  const original = process.env.KUMIKI_ORIGINAL ?? sharedPath('reference/bert-japanese');
  const python = process.env.KUMIKI_CONVERTER_PYTHON;
  const hasOriginal = original !== undefined && python !== undefined;
  // In turn, so that a busier minute is one for both.
  const rounds = Array.from({ length: 3 }, () => ({
    ours: settled(() => convert('model')),
    theirs: hasOriginal ? [settled(() => originalConverter(python, original))] : [],
  }));
  const ours = summary(rounds.map(({ ours }) => ours));
  const theirs = hasOriginal ? summary(rounds.flatMap(({ theirs }) => theirs)) : undefined;
  const goal = `goal 20 ×, ${bound} MiB`;
  printRow('convert base, four formats', ours, theirs && { name: 'original', measured: theirs }, goal);
  if (theirs)
    console.log(
      `  ${(theirs.seconds / ours.seconds).toFixed(1)} × as fast; original ${mebibytes(theirs.peakBytes)} MiB`,
    );
  printRow(
    'convert base, safetensors',
    measure(3, () => settled(() => convert('one', '--with', 'formats=["safetensors"]'))),
  );

  /** The second of two runs: a virtual machine's memory may be its host's until it is used, which the first one after another program pays for. */
  function settled(once: () => Measured): Measured {
    onCleanDisk(once);
    return onCleanDisk(once);
  }

  /** No earlier output is in the way, and what others wrote is on the disk, so that this run does not wait for it. */
  function onCleanDisk(once: () => Measured): Measured {
    for (const output of outputs) rmSync(join(folder, output), { recursive: true, force: true });
    spawnSync('sync');
    return once();
  }

  function originalConverter(python: string, original: string) {
    // The script reads a path of a checkpoint and writes all formats.
    const script = join(folder, 'convert.py');
    copyFileSync(join(original, 'convert_tf2_ckpt_for_all_frameworks.py'), script);
    return measureOnce(
      [
        ...[python, script, '--tf_checkpoint_path', checkpoint],
        ...['--tf_config_file', config, '--output_path', join(folder, 'original')],
      ],
      { cwd: folder, env: { TF_CPP_MIN_LOG_LEVEL: '3', FORCE_TF_AVAILABLE: '1' } },
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? '?' : String(Math.round(bytes / 2 ** 20));
}
