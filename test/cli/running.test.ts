/** `kumiki run` as a user meets it: exit codes, interrupts, the event stream, failures, watching for changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventFormat, type RunEvent } from '../../src/run/events.ts';
import { Workspace } from '../e2e/rig.ts';

const text = { outputs: { text: 'file' } };
const failing = {
  stages: {
    bad: { run: 'echo no luck; exit 3', ...text },
    after: { run: 'cp ${{ stages.bad.outputs.text }} ${{ outputs.text }}', ...text },
    good: { run: 'echo 1 > ${{ outputs.text }}', ...text },
  },
};

function eventsIn(stdout: string): RunEvent[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}

test('exit codes: 0 done, 1 a stage failed, 2 the request was wrong', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': failing });
  assert.equal((await workspace.kumiki(['run', 'good'])).exit, 0);

  const failed = await workspace.kumiki(['run']);
  assert.equal(failed.exit, 1);
  assert.match(failed.stdout, /✗ bad +failed after .*: exited with 3\n.*│ no luck\n.*└ log: .*bad\.1\.log\n/);
  assert.match(failed.stdout, /after +skipped because of bad/);
  assert.match(failed.stdout, /To continue: kumiki run\n$/);
  const some = await workspace.kumiki(['run', 'bad', '--force', '--set', 'params.note=two words', '--name', 'again']);
  assert.match(some.stdout, /To continue: kumiki run bad --set 'params\.note=two words' --name again\n$/);

  for (const wrong of [
    ['run', 'god'],
    ['run', 'nope.yaml'],
    ['run', '--jobs', 'many'],
    ['run', '--executor', 'moon'],
    ['rnu'],
  ]) {
    const { exit, stdout, stderr } = await workspace.kumiki(wrong);
    assert.deepEqual([exit, stdout], [2, ''], wrong.join(' '));
    assert.notEqual(stderr, '');
  }
});

test('--json prints the events and nothing else; the first says the version of their format', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': failing });
  const { exit, stdout } = await workspace.kumiki(['run', '--json']);
  const events = eventsIn(stdout);
  assert.equal(exit, 1);
  const [first] = events;
  assert.ok(first?.type === 'run-started' && first.format === eventFormat);
  const last = events.at(-1);
  assert.ok(last?.type === 'run-finished');
  assert.deepEqual(
    [last.outcome, last.exitCode, last.counts.built, last.counts.failed, last.counts.skipped],
    ['failed', 1, 1, 1, 1],
  );
  assert.deepEqual(eventsIn(workspace.read(`cache/runs/${first.run}/events.jsonl`)), events);
});

test('--set and --config are recorded with the run', async () => {
  const workflow = {
    params: { seed: 1 },
    configs: { model: 'small.yaml' },
    stages: {
      a: { inputs: { model: '${{ configs.model }}' }, run: 'cp ${{ inputs.model }} ${{ outputs.text }}', ...text },
    },
  };
  await using workspace = new Workspace({ 'workflow.yaml': workflow, 'small.yaml': 'n: 1\n', 'large.yaml': 'n: 9\n' });
  await workspace.kumiki(['run', '--set', 'params.seed=2', '--config', 'model=large.yaml']);
  const [run] = JSON.parse((await workspace.kumiki(['runs', '--json'])).stdout);
  assert.deepEqual(run.overrides, ['--set params.seed=2', '--config model=large.yaml']);
  assert.deepEqual(run.params, { seed: 2 });
});

const slow = {
  stages: {
    slow: { run: 'helper slow ${{ outputs.text }}', ...text },
    next: { run: 'cp ${{ stages.slow.outputs.text }} ${{ outputs.text }}', ...text },
  },
};

test('the first SIGINT lets what runs finish and starts nothing new; what is done is kept', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': slow });
  const run = workspace.start(['run']);
  const helper = await workspace.helper('slow');
  run.child.kill('SIGINT');
  await run.printed(/nothing new starts, what runs may end; once more to stop now/);
  await helper.write(helper.args[0]!, 'whole\n');
  helper.exit();
  const { exit, stdout } = await run.finished;
  assert.equal(exit, 130);
  assert.match(stdout, /◌ workflow interrupted after \S+ · 1 built, 1 cancelled/);
  const again = await workspace.kumiki(['run']);
  assert.match(again.stdout, /1 built, 1 cached/);
});

test('the second SIGINT ends what runs at once; nothing half-written is kept', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': slow });
  const run = workspace.start(['run']);
  const helper = await workspace.helper('slow');
  await helper.write(helper.args[0]!, 'half');
  run.child.kill('SIGINT');
  await run.printed(/once more to stop now/);
  run.child.kill('SIGINT');
  await helper.gone;
  assert.equal((await run.finished).exit, 130);
  assert.equal((await workspace.kumiki(['output', 'slow.text'])).exit, 1);
});

test('run --watch runs again what a changed source makes stale, also after the workflow was wrong for a while', async () => {
  const workflow = {
    stages: { copy: { inputs: { text: 'a.txt' }, run: 'cp ${{ inputs.text }} ${{ outputs.text }}', ...text } },
  };
  await using workspace = new Workspace({
    'workflow.yaml': { publish: { 'out.txt': '${{ stages.copy.outputs.text }}' }, ...workflow },
    'a.txt': 'one\n',
  });
  const watching = workspace.start(['run', '--watch']);
  await watching.printed(/1 built[\s\S]*Waiting for a source to change/);
  workspace.write('a.txt', 'two\n');
  await watching.printed(/(1 built[\s\S]*){2}Waiting for a source to change/);
  assert.equal(workspace.read('out.txt'), 'two\n');
  workspace.write('workflow.yaml', { stages: { copy: { rnu: 1 } } });
  await watching.printed(/unknown key 'rnu'/);
  workspace.write('a.txt', 'three\n');
  workspace.write('workflow.yaml', workflow);
  await watching.printed(/(1 built[\s\S]*){3}Waiting for a source to change/);
  watching.child.kill('SIGINT');
  assert.equal((await watching.finished).exit, 130);
});

test('exec runs one stage without a workflow, from where one stands', async () => {
  await using workspace = new Workspace({ 'deep/vocab.txt': '[PAD]\nあ\nい\n', 'deep/out.txt': 'old' });
  const cwd = workspace.path('deep');
  const args = [
    'exec',
    'character-vocab',
    '--input',
    'vocab=vocab.txt',
    '--with',
    'size=2',
    '--output',
    'vocab=out.txt',
  ];
  const { exit, stderr } = await workspace.kumiki(args, { cwd });
  assert.equal(exit, 0, stderr);
  assert.equal(workspace.read('deep/out.txt'), '[PAD]\nあ\n');
  assert.equal(workspace.has('cache'), false);

  const wrong = await workspace.kumiki(
    ['exec', 'character-vocab', '--input', 'vocabulary=vocab.txt', '--with', 'size=two'],
    { cwd },
  );
  assert.equal(wrong.exit, 2);
  assert.match(wrong.stderr, /vocabulary/);
  assert.match(wrong.stderr, /size/);
});

test("a stage of one's own imports kumiki and zod from wherever it lies", async () => {
  const module = `
    import { readFile, writeFile } from 'node:fs/promises';
    import { defineStage } from 'kumiki';
    import { z } from 'zod';
    export default defineStage({
      name: 'shout', version: 1, description: 'Upper case',
      params: z.object({ end: z.string().default('!') }),
      inputs: { text: { kind: 'file', description: 'what is said' } },
      outputs: { text: { kind: 'file', description: 'the same, louder' } },
      async run({ params, inputs, outputs }) {
        await writeFile(outputs.text, (await readFile(inputs.text, 'utf8')).trim().toUpperCase() + params.end);
      },
    });`;
  const workflow = {
    publish: { 'out.txt': '${{ stages.shout.outputs.text }}' },
    stages: { shout: { uses: './stages/shout.mjs', inputs: { text: 'a.txt' } } },
  };
  await using workspace = new Workspace({ 'workflow.yaml': workflow, 'stages/shout.mjs': module, 'a.txt': 'hey\n' });
  const { exit, stdout, stderr } = await workspace.kumiki(['run']);
  assert.deepEqual([exit, stderr], [0, ''], stdout);
  assert.equal(workspace.read('out.txt'), 'HEY!');
  workspace.write('stages/shout.mjs', module.replace("default('!')", "default('!!')"));
  assert.match((await workspace.kumiki(['run'])).stdout, /1 built/);
  assert.equal(workspace.read('out.txt'), 'HEY!!');

  workspace.write('stages/shout.mjs', "import 'nowhere';");
  const broken = await workspace.kumiki(['run']);
  assert.equal(broken.exit, 2);
  assert.match(broken.stderr, /could not be loaded: Cannot find package 'nowhere'/);
  workspace.write('workflow.yaml', {
    publish: { 'out/${{ matrix.end }}': '${{ stages.shout.outputs.text }}' },
    stages: { shout: { ...workflow.stages.shout, matrix: { end: ['!', '?'] } } },
  });
  assert.match((await workspace.kumiki(['run'])).stderr, /could not be loaded[\s\S]*kumiki: 1 error in/);
});
