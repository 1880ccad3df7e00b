import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPuppets } from './puppets.ts';
import { file, inputs, openWorkspace } from './workspace.ts';

const library = fileURLToPath(new URL('../../src/stage/index.js', import.meta.url));

/** A stage module as a user writes it; a workspace outside the package has no zod of its own. */
function module(run: string): string {
  return `
    import { writeFileSync, readFileSync } from 'node:fs';
    import { connect } from 'node:net';
    import { defineStage, StageError } from '${library}';
    import { z } from '${import.meta.resolve('zod')}';
    export default defineStage({
      name: 'own', version: 1, description: 'a stage',
      params: z.object({ times: z.coerce.number().default(1) }).loose(),
      inputs: {}, outputs: { out: { kind: 'file', description: '' } },
      async run({ params, inputs, outputs, scratch, progress, metric, log, warn, signal, resources }) { ${run} },
    });`;
}

const stage = { id: 'a', action: { kind: 'module', path: 'own.mjs' }, outputs: { out: 'file' } } as const;

test('a stage module gets absolute paths, parameters by its schema and what it was granted', async (t) => {
  const w = await openWorkspace(t);
  w.write('own.mjs', module('writeFileSync(outputs.out, JSON.stringify({ params, inputs, resources }))'));
  w.write('x', 'x');
  const run = await w.start(
    w.plan([
      {
        ...stage,
        with: { times: '3' },
        resources: { cpu: 1, memory: 2 ** 30 },
        inputs: [
          ...inputs({ x: file('x'), '@module': file('own.mjs') }),
          { name: 'list', list: true, kind: 'file', sources: [file('x')] },
        ],
      },
    ]),
  ).ended;
  assert.deepEqual(JSON.parse(run.output('a', 'out')), {
    params: { times: 3 },
    inputs: { x: `${w.root}/x`, list: [`${w.root}/x`] },
    resources: { cpu: 1, memory: 2 ** 30 },
  });
});

test('progress, metrics, warnings and the log reach the run; a flood of them is thinned out', async (t) => {
  const w = await openWorkspace(t);
  const body = `for (let i = 1; i <= 100000; i++) { progress(i, 100000, 'lines'); metric('loss', 1 / i, i); }
    log('a line'); warn('careful'); writeFileSync(outputs.out, '')`;
  w.write('own.mjs', module(body));
  const run = w.start(w.plan([stage]));
  const { warnings } = await run.ended;
  assert.deepEqual(warnings, ['careful']);
  const progress = run.events.filter((event) => event.type === 'progress');
  assert.equal(progress.at(-1)!.done, 100000);
  assert.ok(progress.length < 1000);
  const metric = run.events.findLast((event) => event.type === 'metric');
  assert.equal(metric?.step, 100000);
  assert.equal(readFileSync((await run.event('attempt-started')).log, 'utf8'), 'a line\ncareful\n');
  const finished = await run.event('attempt-finished');
  assert.ok(finished.peakMemory! > 2 ** 20 && finished.cpuSeconds! > 0);
});

test('an expected failure is shown as its sentence; any other leaves its stack in the log', async (t) => {
  const w = await openWorkspace(t);
  w.write('own.mjs', module("throw new StageError('the corpus is empty')"));
  w.write('bug.mjs', module("throw new TypeError('a bug')"));
  const run = await w.start(w.plan([stage, { ...stage, id: 'b', action: { kind: 'module', path: 'bug.mjs' } }])).ended;
  assert.deepEqual([run.failures.a!.reason, run.failures.a!.message], ['exit', 'the corpus is empty']);
  assert.deepEqual(run.failures.a!.tail, ['the corpus is empty']);
  assert.equal(run.failures.b!.message, 'TypeError: a bug');
  assert.match(run.failures.b!.tail!.join('\n'), /TypeError: a bug\n {4}at .*bug\.mjs/);
});

test('a module that cannot be loaded or is no stage says so', async (t) => {
  const w = await openWorkspace(t);
  w.write('own.mjs', 'export const x = 1;');
  w.write('broken.mjs', 'import "./nowhere.mjs";');
  const run = await w.start(w.plan([stage, { ...stage, id: 'b', action: { kind: 'module', path: 'broken.mjs' } }]))
    .ended;
  assert.match(run.failures.a!.message, /own\.mjs has no stage as its default export/);
  assert.match(run.failures.b!.message, /nowhere\.mjs/);
});

test('parameters that the schema refuses fail the stage', async (t) => {
  const w = await openWorkspace(t);
  w.write('own.mjs', module(''));
  const run = await w.start(w.plan([{ ...stage, with: { times: 'many' } }])).ended;
  assert.match(run.failures.a!.message, /parameters are not valid/);
});

test('an interrupt aborts the signal of a resumable stage, and its scratch comes back', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const body = `const half = scratch + '/half';
    try { writeFileSync(outputs.out, readFileSync(half)); return; } catch {}
    const socket = connect(params.socket);
    socket.write(JSON.stringify({ name: 'a', pid: process.pid }) + '\\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    writeFileSync(half, 'checkpoint');
    throw signal.reason;`;
  w.write('own.mjs', module(body));
  const plan = w.plan([{ ...stage, with: { socket: `${w.root}/puppets.sock` }, resume: { recipe: 'a', inputs: [] } }]);
  const run = w.start(plan);
  await puppets.next('a');
  run.interrupt();
  assert.equal((await run.ended).states.a, 'cancelled');
  assert.equal((await w.start(plan).ended).output('a', 'out'), 'checkpoint');
});

test('a stage that leaves a timer or a socket behind ends all the same', async (t) => {
  const w = await openWorkspace(t);
  w.write('own.mjs', module("setInterval(() => {}, 1000); writeFileSync(outputs.out, 'x')"));
  assert.equal((await w.start(w.plan([stage])).ended).states.a, 'built');
});
