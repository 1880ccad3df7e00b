import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openModel } from '../../src/huggingface/open-model.ts';
import { cli } from '../e2e/rig.ts';
import {
  bertConfigOf,
  saveRandomCheckpoint,
  smallArchitecture,
  temporaryFolder,
  tokenizerConfigs,
  vocabulary,
} from '../huggingface/random-model.ts';

const workflow = `
name: model
publish: { out/model: "\${{ stages.convert.outputs.model }}" }
stages:
  convert:
    uses: convert
    inputs: { checkpoint: model_dir, model: bert.json, vocab: vocab.txt, tokenizer_config: tokenizer.yaml }
    with: { formats: [safetensors] }
`;

test('a published model gets its front matter and provenance, once', async (t) => {
  const root = temporaryFolder(t);
  saveRandomCheckpoint(join(root, 'model_dir'), smallArchitecture);
  writeFileSync(join(root, 'bert.json'), JSON.stringify(bertConfigOf(smallArchitecture)));
  writeFileSync(join(root, 'workflow.yaml'), workflow);
  copyFileSync(vocabulary, join(root, 'vocab.txt'));
  copyFileSync(join(tokenizerConfigs, 'wordpiece.yaml'), join(root, 'tokenizer.yaml'));
  const published = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'run', 'workflow.yaml', '--json'], {
      cwd: root,
    });
    return stdout.split('\n').filter((line) => line.includes('"type":"published"')).length;
  };
  assert.equal(await published(), 1);
  const model = join(root, 'out/model');
  const card = readFileSync(join(model, 'README.md'), 'utf8');
  assert.match(card, /^---\nlanguage: ja\nlicense: apache-2\.0\n/);
  assert.match(card, /\n# BERT with 11 layers of 12 for Japanese \(WordPiece\)\n/);
  assert.match(
    card,
    /\n\| convert \| convert \| formats: \["safetensors"\], hidden_act: "gelu" \| model `sha256:[0-9a-f]{12}` \|/,
  );
  const { results } = JSON.parse(readFileSync(join(model, 'provenance.json'), 'utf8'));
  assert.equal(results[0].recipe.uses, 'convert');
  const beside = JSON.parse(readFileSync(`${model}.provenance.json`, 'utf8'));
  assert.deepEqual(beside.results, results);
  (await openModel(model)).close();
  // The result in the store is as the stage made it.
  const stored = readdirSync(join(root, 'cache/store')).map((key) => join(root, 'cache/store', key, 'model/README.md'));
  assert.ok(
    readFileSync(stored.find((path) => statSync(path, { throwIfNoEntry: false }))!, 'utf8').startsWith('# BERT'),
  );

  assert.equal(await published(), 0);
  writeFileSync(join(model, 'README.md'), 'edited');
  assert.equal(await published(), 1);
  assert.equal(readFileSync(join(model, 'README.md'), 'utf8'), card);
});
