import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { addonFolder } from '../../src/devices/addon-folder.ts';
import { setUpTensorflow } from '../../src/devices/setup/set-up-tensorflow.ts';
import { wheel } from '../fetch/wheel.ts';

const root = mkdtempSync(join(tmpdir(), 'kumiki-setup-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** An environment of its own: an empty cache, and only these programs, each a bash script. Returns the cache folder. */
function environment(t: TestContext, programs: Readonly<Record<string, string>>): string {
  const bin = mkdtempSync(join(root, 'bin-'));
  const cache = mkdtempSync(join(root, 'cache-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const tool of ['cp', 'bash']) symlinkSync(`/bin/${tool}`, join(bin, tool));
  setVariables(t, { PATH: bin, XDG_CACHE_HOME: cache, CXX: undefined });
  return join(cache, 'kumiki');
}

function setVariables(t: TestContext, variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    const set = (text: string | undefined) => {
      if (text === undefined) delete process.env[name];
      else process.env[name] = text;
    };
    set(value);
    t.after(() => set(before));
  }
}

const compiler = { 'c++': 'exit 0' };

/** A pip that fetches this file as the wheel of TensorFlow. */
function pipWith(content: Buffer | string): Readonly<Record<string, string>> {
  const file = join(mkdtempSync(join(root, 'wheel-')), 'tensorflow_cpu-2.18.1-cp311-cp311-manylinux2014_x86_64.whl');
  writeFileSync(file, content);
  const script = `[ "$3" = --version ] && exit 0\nwhile [ "$1" != --dest ]; do shift; done\ncp ${file} "$2"`;
  return { python3: script, ...compiler };
}

const setUp = () =>
  setUpTensorflow({
    kind: 'cpu',
    version: '2.18.1',
    force: false,
    signal: new AbortController().signal,
    log: () => {},
  });

/** What a setup that failed leaves for the next: only the folder of wheels. */
function leftBehind(cache: string): string[] {
  return readdirSync(cache).flatMap((folder) => [folder, ...readdirSync(join(cache, folder))]);
}

test('without a compiler, nothing is fetched', async (t) => {
  environment(t, {});
  await assert.rejects(setUp(), { name: 'DeviceError', message: /no compiler for C\+\+: install one/ });
});

test('a compiler that CXX names and that does not run is named', async (t) => {
  environment(t, compiler);
  setVariables(t, { CXX: 'no-such-compiler' });
  await assert.rejects(setUp(), { message: 'CXX names no-such-compiler, which does not run' });
});

test('without pip, the message says how to get it', async (t) => {
  const cache = environment(t, compiler);
  await assert.rejects(setUp(), { name: 'FetchError', message: /pip is not installed.*or use the backend wasm/ });
  assert.deepEqual(leftBehind(cache), ['tensorflow-cpu-2.18.1.wheels']);
});

test('what pip says of an unreachable network is shown', async (t) => {
  environment(t, {
    python3: '[ "$3" = --version ] && exit 0\necho "ERROR: Could not find a version" >&2\nexit 1',
    ...compiler,
  });
  await assert.rejects(setUp(), /pip cannot download tensorflow-cpu==2.18.1: ERROR: Could not find a version/);
});

test('a torn wheel is refused and not kept', async (t) => {
  const whole = wheel('tensorflow_cpu-2.18.1', { 'tensorflow/libtensorflow_cc.so.2': 'code' });
  const cache = environment(t, pipWith(whole.subarray(0, whole.length - 30)));
  await assert.rejects(setUp(), { name: 'FetchError', message: /not a whole wheel/ });
  assert.deepEqual(leftBehind(cache), ['tensorflow-cpu-2.18.1.wheels']);
});

test('a file of the wheel that is not what its RECORD says is refused', async (t) => {
  const library = 'tensorflow/libtensorflow_cc.so.2';
  const cache = environment(t, pipWith(wheel('tensorflow_cpu-2.18.1', { [library]: 'code' }, { [library]: 'evil' })));
  await assert.rejects(setUp(), /libtensorflow_cc.so.2 has another digest than in its RECORD/);
  assert.deepEqual(leftBehind(cache), ['tensorflow-cpu-2.18.1.wheels']);
});

test('a wheel that leaves its folder is refused', async (t) => {
  environment(t, pipWith(wheel('tensorflow_cpu-2.18.1', { '../tensorflow/include/c.h': 'code' })));
  await assert.rejects(setUp(), /not a whole wheel: invalid relative path/);
});

test('a TensorFlow without a library for C++ is refused, and its wheel kept', async (t) => {
  const cache = environment(t, pipWith(wheel('tensorflow_cpu-2.18.1', { 'tensorflow/include/tensorflow/c.h': '' })));
  await assert.rejects(setUp(), {
    name: 'DeviceError',
    message: /has no libtensorflow_cc.so.2: choose a release from 2.12 on/,
  });
  assert.equal(leftBehind(cache).length, 2);
});

test('what a killed setup left is removed by the next', async (t) => {
  const cache = environment(t, compiler);
  // No process has the largest number there is.
  mkdirSync(join(cache, 'tensorflow-cpu.building-4194305'), { recursive: true });
  mkdirSync(join(cache, `tensorflow-cpu.old-${process.ppid}`));
  await assert.rejects(setUp());
  assert.deepEqual(
    readdirSync(cache).sort(),
    [`tensorflow-cpu.old-${process.ppid}`, 'tensorflow-cpu-2.18.1.wheels'].sort(),
  );
});

test('the addon that is set up is found and not built again', async (t) => {
  const { tensorflow } = await import('./tensorflow.ts');
  if (tensorflow === undefined) return t.skip('kumiki setup tensorflow was not run');
  const { built, folder, version } = await setUp();
  assert.deepEqual({ built, folder, version }, { built: false, folder: addonFolder('cpu'), version: '2.18.1' });
});
