import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli } from '../e2e/rig.ts';
import {
  bertConfigOf,
  saveRandomCheckpoint,
  smallArchitecture,
  temporaryFolder,
  tokenizerConfigs,
  vocabulary,
} from '../huggingface/random-model.ts';

test('a disk that fills up while a format is written is named with its file, and no model is left', (t) => {
  const folder = temporaryFolder(t);
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const architecture = { ...smallArchitecture, hiddenSize: 120 };
  const checkpoint = saveRandomCheckpoint(join(folder, 'model_dir'), architecture);
  writeFileSync(join(folder, 'bert.json'), JSON.stringify(bertConfigOf(architecture)));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) {
    t.skip('this process may not mount a file system');
    return;
  }
  try {
    for (const [format, file] of [
      ['safetensors', 'model.safetensors'],
      ['pytorch', 'pytorch_model.bin'],
      ['tensorflow', 'tf_model.h5'],
      ['flax', 'flax_model.msgpack'],
    ] as const) {
      const { status, stderr } = spawnSync(
        process.execPath,
        [
          ...[cli, 'exec', 'convert', '--with', `formats=["${format}"]`],
          ...['--input', `checkpoint=${checkpoint}`, '--input', `model=${join(folder, 'bert.json')}`],
          ...[
            '--input',
            `vocab=${vocabulary}`,
            '--input',
            `tokenizer_config=${join(tokenizerConfigs, 'wordpiece.yaml')}`,
          ],
          ...['--output', `model=${join(disk, 'model')}`],
        ],
        { encoding: 'utf8', cwd: folder },
      );
      assert.equal(status, 1, stderr);
      assert.match(
        stderr,
        new RegExp(`${file.replace('.', '\\.')}: the disk is full\\. Make room and run again`),
        format,
      );
      assert.deepEqual(readdirSync(disk), [], format);
    }
  } finally {
    spawnSync('umount', ['-l', disk]);
  }
});
