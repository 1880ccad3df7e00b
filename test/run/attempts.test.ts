import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isGroupAlive } from '../../src/executors/local/process-group.ts';
import { openPuppets } from './puppets.ts';
import { file, input, inputs, openWorkspace, output, result, script } from './workspace.ts';

const text = { text: 'file' } as const;

test('a failing stage says its exit and the end of its log; what it wrote is not kept', async (t) => {
  const w = await openWorkspace(t);
  const plan = w.plan([
    { id: 'a', action: script`echo partial > ${output('text')}; echo why >&2; exit 3`, outputs: text },
  ]);
  const run = await w.start(plan).ended;
  assert.deepEqual(run.failures.a, { reason: 'exit', message: 'exited with 3', exitCode: 3, tail: ['why'] });
  assert.deepEqual([run.outcome, run.exitCode], ['failed', 1]);
  assert.equal((await w.start(plan).ended).states.a, 'failed');
});

test('scripts stop at the first failing command, also within a pipe, and at unset names', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(
    w.plan([
      { id: 'command', action: script`false; touch ${output('text')}`, outputs: text },
      { id: 'pipe', action: script`false | cat > ${output('text')}`, outputs: text },
      { id: 'unset', action: script`echo $NOBODY > ${output('text')}`, outputs: text },
    ]),
  ).ended;
  assert.deepEqual(run.states, { command: 'failed', pipe: 'failed', unset: 'failed' });
});

test('a stage sees only the environment that it was given', async (t) => {
  const w = await openWorkspace(t);
  process.env.KUMIKI_TEST_SECRET = 'secret';
  process.env.KUMIKI_TEST_OTHER = 'other';
  t.after(() => {
    delete process.env.KUMIKI_TEST_SECRET;
    delete process.env.KUMIKI_TEST_OTHER;
  });
  const run = await w.start(
    w.plan([
      {
        id: 'a',
        action: script`compgen -e | sort > ${output('names')}; printf '%s' "$QUOTED" > ${output('quoted')}`,
        outputs: { names: 'file', quoted: 'file' },
        env: { QUOTED: 'it\'s "$HOME" `x`\n日本' },
        passEnv: ['KUMIKI_TEST_SECRET', 'KUMIKI_TEST_ABSENT'],
      },
    ]),
  ).ended;
  const bash = ['PWD', 'SHLVL', '_'];
  const names = run
    .output('a', 'names')
    .trim()
    .split('\n')
    .filter((name) => !bash.includes(name));
  const expected = [
    'HOME',
    'KUMIKI_EVENTS',
    'KUMIKI_SCRATCH',
    'KUMIKI_TEST_SECRET',
    'LANG',
    'PATH',
    'QUOTED',
    'TMPDIR',
  ];
  assert.deepEqual(names, expected);
  assert.equal(run.output('a', 'quoted'), 'it\'s "$HOME" `x`\n日本');
});

test('a path or parameter never becomes a command', async (t) => {
  const w = await openWorkspace(t);
  const nasty = "'; touch pwned; echo '$(touch pwned)`touch pwned`\n";
  const run = await w.start(
    w.plan([{ id: 'a', action: script`printf '%s' ${nasty} > ${output('text')}`, outputs: text }]),
  ).ended;
  assert.equal(run.output('a', 'text'), nasty);
  assert.throws(() => w.read('pwned'), /ENOENT/);
});

test('a missing, an undeclared and a linked output fail with what to do', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(
    w.plan([
      { id: 'missing', action: script`:`, outputs: text },
      {
        id: 'undeclared',
        action: script`echo > ${output('text')}; echo > $(dirname ${output('text')})/extra`,
        outputs: text,
      },
      { id: 'linked', action: script`ln -s /etc/passwd ${output('text')}`, outputs: text },
      {
        id: 'promise',
        action: script`touch ${output('dir')}/x`,
        outputs: { dir: 'directory' },
        promised: [{ output: 'dir', path: 'y' }],
      },
      { id: 'sweeping', action: script`rm -r $(dirname ${output('text')})`, outputs: text },
      { id: 'file', action: script`d=$(dirname ${output('text')}); rmdir $d; echo > $d`, outputs: text },
      { id: 'good', action: script`echo > ${output('text')}`, outputs: text },
    ]),
  ).ended;
  assert.equal(run.states.good, 'built');
  for (const id of ['sweeping', 'file']) {
    assert.equal(run.failures[id]!.reason, 'missing-output');
    assert.match(run.failures[id]!.message, /is gone: a stage may remove what it made, not the folder it was given/);
  }
  assert.equal(run.failures.missing!.reason, 'missing-output');
  assert.equal(run.failures.undeclared!.reason, 'undeclared-output');
  assert.equal(run.failures.linked!.reason, 'bad-output');
  assert.equal(run.failures.promise!.reason, 'missing-output');
  assert.match(run.failures.undeclared!.message, /extra/);
});

test('a script may remove its scratch, or leave a file in its place: others have theirs', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(
    w.plan([
      { id: 'tidy', action: script`rm -r $KUMIKI_SCRATCH; echo > ${output('text')}`, outputs: text },
      {
        id: 'file',
        action: script`rmdir $KUMIKI_SCRATCH; echo > $KUMIKI_SCRATCH; echo > ${output('text')}`,
        outputs: text,
      },
      { id: 'user', action: script`echo x > $KUMIKI_SCRATCH/x; mv $KUMIKI_SCRATCH/x ${output('text')}`, outputs: text },
    ]),
    { jobs: 1 },
  ).ended;
  assert.deepEqual(run.states, { tidy: 'built', file: 'built', user: 'built' });
});

test('a failed attempt is repeated after a growing delay, each with a log of its own', async (t) => {
  const w = await openWorkspace(t);
  const plan = w.plan([
    {
      id: 'a',
      action: script`echo try >> tries; [ $(wc -l < tries) = 3 ]; touch ${output('text')}`,
      outputs: text,
      retry: { attempts: 3, delayMs: 5, backoff: 2 },
    },
  ]);
  const run = w.start(plan);
  assert.equal((await run.ended).states.a, 'built');
  const finished = run.events.filter((event) => event.type === 'attempt-finished');
  assert.deepEqual(
    finished.map(({ outcome, retryInMs }) => [outcome, retryInMs]),
    [
      ['failed', 5],
      ['failed', 10],
      ['succeeded', undefined],
    ],
  );
  const logs = run.events.filter((event) => event.type === 'attempt-started').map(({ log }) => log);
  assert.equal(new Set(logs).size, 3);
});

test('what another try cannot mend is not tried again', async (t) => {
  const w = await openWorkspace(t);
  const retry = { attempts: 3 };
  const run = w.start(
    w.plan([
      { id: 'a', action: script`touch $(dirname ${output('text')})/extra ${output('text')}`, outputs: text, retry },
    ]),
  );
  await run.ended;
  assert.equal(run.events.filter(({ type }) => type === 'attempt-started').length, 1);
});

test('a stage past its time limit is asked to stop, then made to', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(
    w.plan([
      { id: 'a', action: script`trap 'echo asked > asked' TERM; while :; do sleep 0.01; done`, timeoutMs: 2000 },
      { id: 'b', action: script`echo started; sleep 1000`, timeoutMs: 2000 },
    ]),
  ).ended;
  assert.equal(run.failures.a!.reason, 'timeout');
  assert.match(run.failures.a!.message, /within 2 s/);
  assert.equal(w.read('asked'), 'asked\n');
  assert.deepEqual([run.failures.b!.reason, run.failures.b!.tail], ['timeout', ['started']]);
});

test('a process left in the background fails the stage and is ended', async (t) => {
  const w = await openWorkspace(t);
  const run = w.start(w.plan([{ id: 'a', action: script`sleep 1000 & echo done` }]));
  const { failures } = await run.ended;
  assert.equal(failures.a!.reason, 'background-process');
  assert.equal(isGroupAlive((await run.event('attempt-started')).pid!), false);
});

test('an input edited while its stage runs: the result is not kept', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  w.write('in.txt', 'before');
  const plan = w.plan([
    {
      id: 'a',
      action: { kind: 'run', script: [`${puppets.command('a')}; cp in.txt `, { words: [output('text')] }] },
      inputs: inputs({ in: file('in.txt') }),
      outputs: text,
    },
  ]);
  const run = w.start(plan);
  const puppet = await puppets.next('a');
  w.write('in.txt', 'after!');
  puppet.exit(0);
  const { failures } = await run.ended;
  assert.equal(failures.a!.reason, 'input-changed');
  assert.match(failures.a!.message, /in\.txt/);
  const again = w.start(plan);
  (await puppets.next('a')).exit(0);
  assert.equal((await again.ended).output('a', 'text'), 'after!');
});

test('a stage that changes what it reads from the store fails, and its result is not kept', async (t) => {
  const w = await openWorkspace(t);
  const run = await w.start(
    w.plan([
      { id: 'a', action: script`echo good > ${output('text')}`, outputs: text },
      {
        id: 'b',
        action: script`chmod u+w ${input('a')}; echo bad > ${input('a')}; touch ${output('text')}`,
        inputs: inputs({ a: result(0, 'text') }),
        outputs: text,
        dependsOn: [0],
      },
    ]),
  ).ended;
  assert.equal(run.failures.b!.reason, 'store-changed');
});

test('more memory than was asked for is warned about', async (t) => {
  const w = await openWorkspace(t);
  w.write('stage.mjs', 'export default { params: { safeParse: () => ({ success: true }) }, async run() {} };');
  const { warnings } = await w.start(
    w.plan([{ id: 'a', action: { kind: 'module', path: 'stage.mjs' }, resources: { memory: 1024 } }]),
  ).ended;
  assert.match(warnings[0]!, /asks for 1\.0 KiB: raise resources\.memory/);
});

test('progress and metrics of a shell stage come from $KUMIKI_EVENTS; a line that is none is warned about once', async (t) => {
  const w = await openWorkspace(t);
  const lines = [
    '{"type":"progress","done":1,"total":2,"unit":"files"}',
    'nonsense',
    '[]',
    '{"type":"metric","name":"loss","value":0.5,"step":7}',
  ];
  const run = w.start(
    w.plan([
      { id: 'a', action: script`printf '%s\n' ${lines[0]!} ${lines[1]!} ${lines[2]!} ${lines[3]!} >> $KUMIKI_EVENTS` },
    ]),
  );
  const { warnings } = await run.ended;
  const { time: _, ...progress } = await run.event('progress');
  assert.deepEqual(progress, { type: 'progress', instance: 'a', done: 1, total: 2, unit: 'files' });
  const metric = await run.event('metric');
  assert.deepEqual([metric.name, metric.value, metric.step], ['loss', 0.5, 7]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /nonsense/);
  const finished = await run.event('instance-finished');
  assert.deepEqual(w.store.manifest(finished.key!)!.metrics, { loss: 0.5 });
});

test('a script longer than an argument may be still runs', async (t) => {
  const w = await openWorkspace(t);
  const long = 'x'.repeat(200_000);
  const run = await w.start(
    w.plan([
      {
        id: 'a',
        action: { kind: 'run', script: [`: ${long}\necho ok > `, { words: [output('text')] }] },
        outputs: text,
      },
    ]),
  ).ended;
  assert.equal(run.output('a', 'text'), 'ok\n');
});

test('ids that no file system likes get logs of their own', async (t) => {
  const w = await openWorkspace(t);
  const ids = ['a/../b', '日本語[x=..]', `long[x=${'y'.repeat(300)}]`, `long[x=${'y'.repeat(299)}z]`];
  const run = w.start(w.plan(ids.map((id) => ({ id, action: script`echo ${id}; exit 1` }))));
  const { failures } = await run.ended;
  for (const id of ids) assert.deepEqual(failures[id]!.tail, [id]);
});

test('the first interrupt lets what runs finish and starts nothing new', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const plan = w.plan([
    {
      id: 'a',
      action: { kind: 'run', script: [`${puppets.command('a')}; echo a > `, { words: [output('text')] }] },
      outputs: text,
    },
    {
      id: 'b',
      action: script`cp ${input('a')} ${output('text')}`,
      inputs: inputs({ a: result(0, 'text') }),
      outputs: text,
      dependsOn: [0],
    },
  ]);
  const run = w.start(plan);
  const puppet = await puppets.next('a');
  run.interrupt();
  puppet.exit(0);
  const ended = await run.ended;
  assert.deepEqual(ended.states, { a: 'built', b: 'cancelled' });
  assert.deepEqual([ended.outcome, ended.exitCode], ['interrupted', 130]);
  assert.deepEqual((await w.start(plan).ended).states, { a: 'cached', b: 'built' });
});

test('the first interrupt asks a resumable stage to stop; its next attempt finds its scratch', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const plan = w.plan([
    {
      id: 'a',
      action: {
        kind: 'run',
        script: [
          `if [ -e $KUMIKI_SCRATCH/half ]; then mv $KUMIKI_SCRATCH/half `,
          { words: [output('text')] },
          `; else echo half > $KUMIKI_SCRATCH/half; ${puppets.command('a')}; fi`,
        ],
      },
      outputs: text,
      resume: { recipe: 'a', inputs: [] },
    },
  ]);
  const run = w.start(plan);
  const puppet = await puppets.next('a');
  run.interrupt();
  await puppet.terminated;
  puppet.exit(1);
  assert.equal((await run.ended).states.a, 'cancelled');
  const again = w.start(plan);
  assert.equal((await again.ended).output('a', 'text'), 'half\n');
  assert.equal((await again.event('attempt-started')).resumed, true);
});

test('the second interrupt ends what runs at once', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const run = w.start(w.plan([{ id: 'a', action: { kind: 'run', script: [puppets.command('a')] } }]));
  const puppet = await puppets.next('a');
  run.interrupt();
  run.interrupt();
  await puppet.gone;
  const ended = await run.ended;
  assert.equal(ended.states.a, 'cancelled');
  assert.deepEqual(
    run.events.filter(({ type }) => type === 'interrupted').map((event) => 'level' in event && event.level),
    [1, 2],
  );
});

test('requests in the control file cancel, retry and interrupt', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const stage = (id: string) => ({ id, action: { kind: 'run' as const, script: [puppets.command(id)] } });
  const run = w.start(w.plan([stage('a'), stage('b')]));
  const ask = (request: object) => appendFileSync(join(run.directory, 'control.jsonl'), `${JSON.stringify(request)}\n`);
  const [a] = [await puppets.next('a'), await puppets.next('b')];
  ask({ type: 'cancel', instance: 'a' });
  await a.terminated;
  a.exit(1);
  assert.equal((await run.event('instance-finished', 'a')).state, 'cancelled');
  ask({ type: 'retry', instance: 'a' });
  (await puppets.next('a')).exit(0);
  ask({ type: 'interrupt' });
  await run.event('interrupted');
  ask({ type: 'interrupt' });
  assert.equal((await run.ended).outcome, 'interrupted');
});

test('an instance that waits for its next attempt can be cancelled', async (t) => {
  const w = await openWorkspace(t);
  const retry = { attempts: 2, delayMs: 3_600_000 };
  const run = w.start(w.plan([{ id: 'a', action: script`exit 1`, retry }]));
  assert.equal((await run.event('attempt-finished')).retryInMs, retry.delayMs);
  appendFileSync(join(run.directory, 'control.jsonl'), '{"type":"cancel","instance":"a"}\n');
  assert.equal((await run.ended).states.a, 'cancelled');
});

test('an interrupt does not wait for the next attempt', async (t) => {
  const w = await openWorkspace(t);
  const run = w.start(w.plan([{ id: 'a', action: script`exit 1`, retry: { attempts: 2, delayMs: 3_600_000 } }]));
  await run.event('attempt-finished');
  run.interrupt();
  assert.equal((await run.ended).outcome, 'interrupted');
});

test('with fail-fast a failure lets what runs finish and starts nothing new', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const stage = (id: string) => ({ id, action: { kind: 'run' as const, script: [puppets.command(id)] } });
  const run = w.start(w.plan([stage('a'), stage('b'), stage('c')], { limits: { cpu: 2 } }), { failFast: true });
  const [a, b] = [await puppets.next('a'), await puppets.next('b')];
  a.exit(1);
  await run.event('instance-finished', 'a');
  b.exit(0);
  const ended = await run.ended;
  assert.deepEqual(ended.states, { a: 'failed', b: 'built', c: 'skipped' });
});

test('what runs at the same time never asks for more than the pools hold', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const ids = ['a', 'b', 'c', 'd'];
  const plan = w.plan(
    ids.map((id) => ({
      id,
      action: { kind: 'run' as const, script: [puppets.command(id)] },
      resources: { tpu: 1, cpu: 0 },
    })),
    { limits: { tpu: 2 } },
  );
  const run = w.start(plan);
  for (const id of ids) (await puppets.next(id)).exit(0);
  assert.equal((await run.ended).outcome, 'done');
  let running = 0;
  for (const { type } of run.events) {
    if (type === 'attempt-started') running++;
    if (type === 'attempt-finished') running--;
    assert.ok(running <= 2);
  }
});

test('an engine that is killed leaves no stage running, and the next run takes over', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  w.write(
    'stage.mjs',
    `import { connect } from 'node:net';
     export default { params: { safeParse: (data) => ({ success: true, data }) }, async run({ params }) {
       const socket = connect(params.socket);
       socket.write(JSON.stringify({ name: 'busy', pid: process.pid }) + '\\n', () => { for (;;); });
       await new Promise(() => {});
     } };`,
  );
  const plan = w.plan([
    { id: 'shell', action: { kind: 'run', script: [`${puppets.command('shell')} & `, puppets.command('leader')] } },
    { id: 'module', action: { kind: 'module', path: 'stage.mjs' }, with: { socket: join(w.root, 'puppets.sock') } },
  ]);
  writeFileSync(join(w.root, 'plan.json'), JSON.stringify(plan));
  const engine = spawn(process.execPath, [new URL('./engine.js', import.meta.url).pathname, join(w.root, 'plan.json')]);
  const names = ['shell', 'leader', 'busy'];
  const group = await Promise.all(names.map((name) => puppets.next(name)));
  engine.kill('SIGKILL');
  await Promise.all(group.map(({ gone }) => gone));
  const again = w.start({ ...plan, instances: plan.instances.slice(0, 1) });
  const [side, leader] = [await puppets.next('shell'), await puppets.next('leader')];
  side.exit(0);
  await side.gone;
  leader.exit(0);
  assert.equal((await again.ended).states.shell, 'built');
  assert.ok(!isGroupAlive(group[1]!.pid));
});

test('another process that builds the same key is waited for, and its result used', async (t) => {
  const w = await openWorkspace(t);
  const puppets = await openPuppets(t, w.root);
  const plan = w.plan([
    {
      id: 'a',
      action: { kind: 'run', script: [`${puppets.command('a')}; echo a > `, { words: [output('text')] }] },
      outputs: text,
    },
  ]);
  writeFileSync(join(w.root, 'plan.json'), JSON.stringify(plan));
  const engine = spawn(process.execPath, [new URL('./engine.js', import.meta.url).pathname, join(w.root, 'plan.json')]);
  const gone = once(engine, 'exit');
  const puppet = await puppets.next('a');
  const run = w.start(plan);
  assert.equal((await run.event('instance-waiting')).holder.pid, engine.pid);
  puppet.exit(0);
  const ended = await run.ended;
  assert.equal(ended.states.a, 'shared');
  assert.equal(ended.output('a', 'text'), 'a\n');
  assert.deepEqual(await gone, [0, null]);
});

test('the log of an attempt is kept whole', async (t) => {
  const w = await openWorkspace(t);
  const run = w.start(w.plan([{ id: 'a', action: script`echo out; echo err >&2` }]));
  await run.ended;
  assert.equal(readFileSync((await run.event('attempt-started')).log, 'utf8'), 'out\nerr\n');
});
