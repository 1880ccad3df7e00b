import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { hasWebgpu, withoutWebgpu } from '../devices/webgpu.ts';
import { embeddedIpadic } from '../embedded-ipadic.ts';
import { randomModel, temporaryFolder } from '../huggingface/random-model.ts';
import { sharedPath } from '../shared.ts';
import { unidicLite } from '../unidic-lite.ts';

const main = join(import.meta.dirname, '../../cli/main.js');

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function fillMask(args: readonly string[], env: NodeJS.ProcessEnv = {}, backend = 'wasm'): Promise<Output> {
  const command = [main, 'fill-mask', ...args, '--backend', backend];
  try {
    const done = await promisify(execFile)(process.execPath, command, { env: { ...process.env, ...env } });
    return { code: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as Output;
    return { code, stdout, stderr };
  }
}

const goldenJglue = sharedPath('golden/jglue/model');
const unidic = unidicLite();

async function assertWordsOfTransformers(backend: string): Promise<void> {
  const text = '東北大学で[MASK]の研究をしています。';
  const { code, stdout, stderr } = await fillMask([goldenJglue!, text, '--dictionary', unidic!, '--json'], {}, backend);
  assert.equal(code, 0, stderr);
  const { tokens, masks } = JSON.parse(stdout);
  assert.equal(tokens.join(' '), '[CLS] 東北 大学 で [MASK] の 研究 を し て い ます 。 [SEP]');
  // BertForMaskedLM of transformers 5.24 with PyTorch 2.15, softmax in float64.
  const expected = { pass: 0.088961, 空行: 0.076636, '##し': 0.040029, 1024: 0.014669, 玄: 0.014569 };
  const [{ position, candidates }] = masks;
  assert.equal(position, 4);
  assert.deepEqual(
    candidates.map(({ token }: { token: string }) => token),
    ['pass', '空行', '##し', '1024', '玄'],
  );
  for (const { token, probability } of candidates) {
    const difference = Math.abs(probability - expected[token as keyof typeof expected]);
    assert.ok(difference < 2e-6, `${token}: ${probability}`);
  }
}

const skip = !goldenJglue || !unidic;

test('the words and probabilities are those of transformers', { skip }, () => assertWordsOfTransformers('wasm'));

test('they are on WebGPU too', { skip: skip || (hasWebgpu() ? false : withoutWebgpu) }, () =>
  assertWordsOfTransformers('webgpu'),
);

test('a WebGPU without an adapter is told with what brings one', async (t) => {
  const { model } = await randomModel(t, { formats: ['safetensors'] });
  const args = [model, '[MASK]です', '--dictionary', await embeddedIpadic()];
  const { code, stdout, stderr } = await fillMask(args, { VK_DRIVER_FILES: '/nonexistent.json' }, 'webgpu');
  if (process.platform !== 'linux') return;
  assert.notEqual(code, 0);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /the backend webgpu (finds no GPU: install .*, or use|is not installed: run 'npm install .*, or use)/,
  );
});

test('each [MASK] gets its words, with the dictionary that the model names', async (t) => {
  const { model } = await randomModel(t, { formats: ['flax'] });
  // What the model names is looked for in the user's cache first.
  const cache = temporaryFolder(t);
  mkdirSync(join(cache, 'kumiki/dictionaries'), { recursive: true });
  cpSync(await embeddedIpadic(), join(cache, 'kumiki/dictionaries/unidic-lite-1-0-8'), { recursive: true });
  const { code, stdout, stderr } = await fillMask([model, '[MASK]は[MASK]です', '--top', '2'], {
    XDG_CACHE_HOME: cache,
  });
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^\[MASK\] at token 1:\n0\.0\d+ {2}\S+ {2}.*\n0\.0\d+ .*\n\[MASK\] at token \d+:\n0\.0\d+ .*\n0\.0\d+ .*\n$/,
  );
});

test('what cannot be filled is said in a line', async (t) => {
  const { model } = await randomModel(t, { formats: ['safetensors'] });
  const dictionary = await embeddedIpadic();
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stderr } = await fillMask([...args, '--dictionary', dictionary]);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /^ {4}at /m);
  };
  await refused([model, 'マスクはない'], /the text has no \[MASK\]/);
  await refused([model, '[MASK]'.repeat(40)], /the text has 42 tokens, the model 32 positions/);
  await refused([temporaryFolder(t), '[MASK]'], /config\.json is missing/);
  const vocab = readFileSync(join(model, 'vocab.txt'), 'utf8');
  writeFileSync(join(model, 'vocab.txt'), `${vocab}${'もう一つ\n'.repeat(345)}`);
  await refused(
    [model, '[MASK]'],
    /vocab\.txt has \d+ tokens, .*config\.json says vocab_size 345: it is the vocabulary/,
  );
  writeFileSync(join(model, 'vocab.txt'), vocab);
  const weights = readFileSync(join(model, 'model.safetensors'));
  writeFileSync(join(model, 'model.safetensors'), Buffer.from(weights).fill(0xff, weights.length - 4000));
  await refused([model, '[MASK]'], /model\.safetensors gives no finite numbers/);
  writeFileSync(join(model, 'tokenizer_config.json'), '{"word_tokenizer_type": "sudachi"}');
  await refused(
    [model, '[MASK]'],
    /tokenizer_config\.json cannot be used:\n {2}word_tokenizer_type: mecab is supported/,
  );
  writeFileSync(join(model, 'model.safetensors'), 'none');
  writeFileSync(join(model, 'tokenizer_config.json'), '{"word_tokenizer_type": "mecab"}');
  await refused([model, '[MASK]'], /model\.safetensors is not safetensors, or truncated/);
});
