import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { pretrainingConfig } from '../../src/bert/config/pretraining-config.ts';
import { sharedPath } from '../shared.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): unknown => parse(readFileSync(path, 'utf8'));

for (const data of ['cc-100', 'wikipedia']) {
  for (const model of ['bert_base_wordpiece', 'bert_base_character', 'bert_large_wordpiece', 'bert_large_character']) {
    test(`${data} with ${model} has the original's values`, { skip: sharedPath('reference') === undefined }, () => {
      const merged = (folder: string) =>
        pretrainingConfig([read(join(folder, `data/${data}.yaml`)), read(join(folder, `model/${model}.yaml`))]).merged;
      assert.deepEqual(merged(join(root, 'configs')), merged(sharedPath('reference/bert-japanese/configs')!));
    });
  }
}

for (const model of ['bert_tiny_wordpiece', 'bert_tiny_character']) {
  test(`${model} is a valid configuration with either data`, () => {
    for (const data of ['cc-100', 'wikipedia']) {
      const layers = [`data/${data}.yaml`, `model/${model}.yaml`].map((path) => read(join(root, 'configs', path)));
      assert.equal(pretrainingConfig(layers).architecture.hiddenSize, 128);
    }
  });
}
