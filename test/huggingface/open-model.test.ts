import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { modelVariables } from '../../src/bert/model/variables.ts';
import { computeShape } from '../../src/bert/model/weights.ts';
import { openCheckpoint } from '../../src/bert/training/checkpoint.ts';
import { ModelError } from '../../src/huggingface/model-error.ts';
import { openModel, readVariable } from '../../src/huggingface/open-model.ts';
import { sharedPath } from '../shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'kumiki-model-'));
after(() => rmSync(folder, { recursive: true }));

const golden = sharedPath('golden/model-garden');
const skip = golden === undefined;

/** The original's conversion with the vocabulary and tokenizer of another golden model: only the weights matter here. */
function goldenModel(name: string): string {
  const directory = join(folder, name);
  cpSync(join(golden!, 'hf'), directory, { recursive: true });
  for (const file of ['vocab.txt', 'tokenizer_config.json'])
    cpSync(join(sharedPath('golden/jglue/model')!, file), join(directory, file));
  return directory;
}

test('the variables of a model are those of the checkpoint that it was made from', { skip }, async () => {
  const directory = goldenModel('whole');
  const checkpoint = openCheckpoint(join(golden!, 'model_dir'));
  for (const weights of ['safetensors', 'pytorch']) {
    const model = await openModel(directory);
    for (const variable of modelVariables(model.config.architecture).filter(({ trained }) => trained)) {
      const values = readVariable(model, variable);
      assert.equal(
        values.length,
        computeShape(variable).reduce((product, extent) => product * extent),
      );
      assert.deepEqual(values, checkpoint.weight(variable), `${variable.key} from ${weights}`);
    }
    model.close();
    // Without it the next round reads pytorch_model.bin.
    rmSync(join(directory, 'model.safetensors'), { force: true });
  }
  checkpoint.close();
});

test('what a directory lacks, and what does not fit, is named', { skip }, async () => {
  const directory = goldenModel('torn');
  const model = await openModel(directory);
  assert.throws(() => model.readFloats('bert.nothing'), /model\.safetensors has no tensor bert\.nothing/);
  assert.throws(
    () => model.readFloats('cls.predictions.bias', [4]),
    /has shape \[800\] where config.json asks for \[4\]/,
  );
  assert.throws(() => model.readFloats('bert.embeddings.position_ids'), /is int64, not floating-point/);
  model.close();
  writeFileSync(join(directory, 'config.json'), '{"model_type": "roberta", "hidden_size": "large"}');
  await assert.rejects(openModel(directory), (error: Error) => {
    assert.ok(error instanceof ModelError);
    assert.match(error.message, /config\.json cannot be used:\n {2}model_type: only BERT.*\n {2}hidden_size: /);
    return true;
  });
  renameSync(join(directory, 'config.json'), join(directory, 'other.json'));
  await assert.rejects(openModel(directory), /config\.json is missing/);
  cpSync(join(golden!, 'hf/config.json'), join(directory, 'config.json'));
  for (const name of ['model.safetensors', 'pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack'])
    rmSync(join(directory, name), { force: true });
  await assert.rejects(openModel(directory), /holds no weights/);
  writeFileSync(join(directory, 'pytorch_model.bin.index.json'), '{}');
  await assert.rejects(openModel(directory), /pytorch_model\.bin\.index\.json: weights in several files are not read/);
  writeFileSync(
    join(directory, 'model.safetensors'),
    'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 444851685\n',
  );
  await assert.rejects(openModel(directory), /model\.safetensors only points to the weights: .*'git lfs pull'/);
});
