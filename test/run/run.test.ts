import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Sketch } from './plans.ts';
import { file, input, inputs, openWorkspace, output, result, script } from './workspace.ts';

/** source → upper → count, and apart from them: other. */
const chain: readonly Sketch[] = [
  {
    id: 'upper',
    action: script`tr a-z A-Z < ${input('text')} > ${output('text')}`,
    inputs: inputs({ text: file('text.txt') }),
    outputs: { text: 'file' },
  },
  {
    id: 'count',
    action: script`wc -c < ${input('text')} > ${output('bytes')}`,
    inputs: inputs({ text: result(0, 'text') }),
    outputs: { bytes: 'file' },
    dependsOn: [0],
  },
  { id: 'other', action: script`echo other > ${output('text')}`, outputs: { text: 'file' } },
];

test('a plan runs once; the second time everything is there, in one line', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const first = await w.start(w.plan(chain)).ended;
  assert.equal(first.outcome, 'done');
  assert.deepEqual(first.states, { upper: 'built', count: 'built', other: 'built' });
  assert.equal(first.output('upper', 'text'), 'ABC');
  assert.equal(first.output('count', 'bytes').trim(), '3');

  const again = w.start(w.plan(chain));
  const second = await again.ended;
  assert.deepEqual(second.states, { upper: 'cached', count: 'cached', other: 'cached' });
  assert.deepEqual(
    again.events.map(({ type }) => type),
    ['run-started', 'instances-cached', 'run-finished'],
  );
  assert.equal(second.exitCode, 0);
});

test('a changed source runs only what hangs on it', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  await w.start(w.plan(chain)).ended;
  w.write('text.txt', 'abcd');
  const changed = await w.start(w.plan(chain)).ended;
  assert.deepEqual(changed.states, { upper: 'built', count: 'built', other: 'cached' });
  assert.equal(changed.output('count', 'bytes').trim(), '4');
});

test('the wave stops where the bytes are the same', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  await w.start(w.plan(chain)).ended;
  w.write('text.txt', 'ABC');
  const changed = await w.start(w.plan(chain)).ended;
  assert.deepEqual(changed.states, { upper: 'built', count: 'cached', other: 'cached' });
});

test('going back to earlier content finds the earlier results', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  await w.start(w.plan(chain)).ended;
  w.write('text.txt', 'abcd');
  await w.start(w.plan(chain)).ended;
  w.write('text.txt', 'abc');
  const back = await w.start(w.plan(chain)).ended;
  assert.deepEqual(back.states, { upper: 'cached', count: 'cached', other: 'cached' });
});

test('a missing source fails its reader with the path, and skips what hangs on it', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(w.plan(chain)).ended;
  assert.deepEqual(run.states, { upper: 'failed', count: 'skipped', other: 'built' });
  assert.match(run.failures.upper!.message, /text\.txt/);
  assert.equal(run.exitCode, 1);
});

test('only what was asked for, and what it needs, runs', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const run = await w.start(w.plan(chain), { selection: new Set([1]) }).ended;
  assert.deepEqual(run.states, { upper: 'built', count: 'built' });
});

test('what is forced runs again, what reads it does not if the bytes are the same', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  await w.start(w.plan(chain)).ended;
  const run = await w.start(w.plan(chain), { force: new Set([0]) }).ended;
  assert.deepEqual(run.states, { upper: 'built', count: 'cached', other: 'cached' });
});

test('an `always` stage runs every time, its readers only when its bytes change', async (t) => {
  const w = await openWorkspace(t);
  w.write('value', 'one');
  const plan = w.plan([
    { id: 'now', action: script`cat value > ${output('value')}`, outputs: { value: 'file' }, always: true },
    {
      id: 'reader',
      action: script`cp ${input('value')} ${output('copy')}`,
      inputs: inputs({ value: result(0, 'value') }),
      outputs: { copy: 'file' },
      dependsOn: [0],
    },
  ]);
  await w.start(plan).ended;
  assert.deepEqual((await w.start(plan).ended).states, { now: 'built', reader: 'cached' });
  w.write('value', 'two');
  const changed = await w.start(plan).ended;
  assert.deepEqual(changed.states, { now: 'built', reader: 'built' });
  assert.equal(changed.output('reader', 'copy'), 'two');
});

test('a frozen stage keeps its newest result whatever changes, and fails without one', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const frozen = w.plan(chain.map((sketch) => (sketch.id === 'upper' ? { ...sketch, frozen: true } : sketch)));
  const without = await w.start(frozen).ended;
  assert.equal(without.states.upper, 'failed');
  assert.match(without.failures.upper!.message, /frozen/);
  await w.start(w.plan(chain)).ended;
  w.write('text.txt', 'changed');
  const run = await w.start(frozen).ended;
  assert.deepEqual(run.states, { upper: 'cached', count: 'cached', other: 'cached' });
});

test('a `temp` result goes when its readers are done, is known to be current, and comes back when needed', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const temporary = chain.map((sketch) => (sketch.id === 'upper' ? { ...sketch, temp: true as const } : sketch));
  const first = await w.start(w.plan(temporary)).ended;
  assert.throws(() => first.output('upper', 'text'), /ENOENT/);
  assert.deepEqual((await w.start(w.plan(temporary)).ended).states, {
    upper: 'cached',
    count: 'cached',
    other: 'cached',
  });

  const edited = temporary.map((sketch) =>
    sketch.id === 'count' ? { ...sketch, action: script`wc -l < ${input('text')} > ${output('bytes')}` } : sketch,
  );
  const again = await w.start(w.plan(edited)).ended;
  assert.deepEqual(again.states, { upper: 'built', count: 'built', other: 'cached' });
  assert.throws(() => again.output('upper', 'text'), /ENOENT/);
});

test('equal instances run once', async (t) => {
  const w = await openWorkspace(t);
  const same = { action: script`echo same > ${output('text')}`, outputs: { text: 'file' as const } };
  const run = await w.start(
    w.plan([
      { id: 'a', ...same },
      { id: 'b', ...same },
    ]),
  ).ended;
  assert.deepEqual(run.states, { a: 'built', b: 'shared' });
});

test('a path below a directory output is an input of its own', async (t) => {
  const w = await openWorkspace(t);
  w.write('n', '1');
  const plan = w.plan([
    {
      id: 'split',
      action: script`echo one > ${output('parts')}/a; cat n > ${output('parts')}/b`,
      inputs: inputs({ n: file('n') }),
      outputs: { parts: 'directory' },
      promised: [{ output: 'parts', path: 'a' }],
    },
    {
      id: 'reader',
      action: script`cp ${input('part')} ${output('copy')}`,
      inputs: inputs({ part: result(0, 'parts', 'a') }),
      outputs: { copy: 'file' },
      dependsOn: [0],
    },
  ]);
  assert.equal((await w.start(plan).ended).output('reader', 'copy'), 'one\n');
  w.write('n', '22');
  assert.deepEqual((await w.start(plan).ended).states, { split: 'built', reader: 'cached' });
});

test('a value of the workflow reaches the stage as a JSON file', async (t) => {
  const w = await openWorkspace(t);
  const plan = (value: number) =>
    w.plan([
      {
        id: 'a',
        action: script`cp ${input('config')} ${output('copy')}`,
        inputs: inputs({ config: { kind: 'value', value: { value } } }),
        outputs: { copy: 'file' },
      },
    ]);
  assert.deepEqual(JSON.parse((await w.start(plan(1)).ended).output('a', 'copy')), { value: 1 });
  assert.equal((await w.start(plan(2)).ended).states.a, 'built');
  assert.equal((await w.start(plan(1)).ended).states.a, 'cached');
});

test('a request above its pool is refused before anything runs', async (t) => {
  const w = await openWorkspace(t);
  const plan = w.plan([{ id: 'a', resources: { cpu: 3 } }], { limits: { cpu: 2 } });
  assert.throws(() => w.start(plan), { name: 'ImpossibleRun', message: /a asks for 3 cpu/ });
});

test('a run leaves its facts, its events and the keys that it used', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const run = w.start(w.plan(chain), { name: 'nightly', arguments: ['run', 'x.yaml'] });
  await run.ended;
  const facts = JSON.parse(readFileSync(join(run.directory, 'run.json'), 'utf8'));
  assert.equal(facts.name, 'nightly');
  assert.deepEqual(facts.arguments, ['run', 'x.yaml']);
  const lines = readFileSync(join(run.directory, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    run.events,
  );
  const keys = readFileSync(join(run.directory, 'keys.ndjson'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(keys.map((line) => JSON.parse(line).instance).sort(), ['count', 'other', 'upper']);
});

test('published outputs are writable copies with their provenance beside, renewed only when they change', async (t) => {
  const w = await openWorkspace(t);
  w.write('text.txt', 'abc');
  const publish = [{ destination: 'out/bytes.txt', source: { instance: 1, output: 'bytes' } }];
  const first = w.start(w.plan(chain, { publish }));
  await first.ended;
  assert.equal(w.read('out/bytes.txt').trim(), '3');
  assert.ok(statSync(join(w.root, 'out/bytes.txt')).mode & 0o200);
  const { results } = JSON.parse(w.read('out/bytes.txt.provenance.json'));
  assert.deepEqual(
    results.map((each: { instance: string }) => each.instance),
    ['count', 'upper'],
  );
  assert.equal(first.events.filter(({ type }) => type === 'published').length, 1);

  const second = w.start(w.plan(chain, { publish }));
  await second.ended;
  assert.equal(second.events.filter(({ type }) => type === 'published').length, 0);
  w.write('out/bytes.txt', 'edited by hand');
  await w.start(w.plan(chain, { publish })).ended;
  assert.equal(w.read('out/bytes.txt').trim(), '3');
});

test('a published directory is replaced whole, but never one that somebody else filled', async (t) => {
  const w = await openWorkspace(t);
  const plan = (text: string) =>
    w.plan(
      [
        {
          id: 'a',
          action: script`mkdir ${output('dir')}/sub; echo ${text} > ${output('dir')}/sub/x; echo same > ${output('dir')}/${text}`,
          recipe: JSON.stringify(text),
          outputs: { dir: 'directory' },
        },
      ],
      { publish: [{ destination: 'out/dir', source: { instance: 0, output: 'dir' } }] },
    );
  await w.start(plan('one')).ended;
  await w.start(plan('two')).ended;
  assert.equal(w.read('out/dir/sub/x'), 'two\n');
  assert.ok(!existsSync(join(w.root, 'out/dir/one')));
  w.write('out/dir/two', 'edited');

  const foreign = { ...plan('two'), publish: [{ destination: 'mine', source: { instance: 0, output: 'dir' } }] };
  w.write('mine/precious', 'data');
  const refused = await w.start(foreign).ended;
  assert.equal(refused.outcome, 'failed');
  assert.match(refused.warnings[0]!, /mine holds files that no run published/);
  assert.equal(w.read('mine/precious'), 'data');
});

test('a file that no run published is not replaced; a path that is not in the output is told of', async (t) => {
  const w = await openWorkspace(t);
  const sketch = {
    id: 'a',
    action: script`echo made > ${output('dir')}/x`,
    outputs: { dir: 'directory' as const },
  };
  w.write('notes.txt', 'by hand');
  const refused = await w.start(
    w.plan([sketch], {
      publish: [
        { destination: 'notes.txt', source: { instance: 0, output: 'dir', path: 'x' } },
        { destination: 'out/y', source: { instance: 0, output: 'dir', path: 'y' } },
        { destination: 'out/x', source: { instance: 0, output: 'dir', path: 'x' } },
      ],
    }),
  ).ended;
  assert.equal(refused.outcome, 'failed');
  const [notes, missing] = refused.warnings;
  assert.match(notes!, /notes\.txt is a file that no run published: move it away/);
  assert.match(missing!, /there is no y in the output dir/);
  assert.equal(w.read('notes.txt'), 'by hand');
  assert.equal(w.read('out/x'), 'made\n');
});
