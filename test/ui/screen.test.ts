import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { createElement } from 'react';
import type { ControlRequest, RunEvent } from '../../src/run/events.ts';
import { emptyState, foldEvents, showRun } from '../../src/ui/index.ts';
import { RunScreen } from '../../src/ui/screen/run-screen.tsx';
import { textWidth } from '../../src/ui/text-width.ts';
import { attemptStarted, built, eventsAt, noon, runFinished, runStarted, succeeded } from './example-run.ts';
import { fakeTerminal } from './fake-terminal.ts';

const stages: readonly (readonly [string, number])[] = [
  ['辞書', 1],
  ['corpus', 1],
  ['形態素解析と文字種の一覧', 1],
  ['data', 64],
  ['train', 2],
];
const groups = stages.map(([stage, size]) => ({
  stage,
  axes: size > 1 ? ['shard'] : [],
  instances: size > 1 ? Array.from({ length: size }, (_, index) => `${stage}[shard=${index + 1}]`) : [stage],
}));
const edges = [
  ['辞書', '形態素解析と文字種の一覧'],
  ['corpus', '形態素解析と文字種の一覧'],
  ['形態素解析と文字種の一覧', 'data'],
  ['data', 'train'],
] as const;
const failure = { reason: 'exit', exitCode: 3, message: 'The command ended with exit code 3; see its log.' } as const;

/** Twelve seconds in: one shard done, one failed, two running, one of them with progress and a metric. */
function runEvents(log: string): RunEvent[] {
  return eventsAt(
    [0, runStarted({ name: '日本語BERT', groups, edges })],
    [0, { type: 'instances-cached', instances: ['辞書', 'corpus', '形態素解析と文字種の一覧'], keys: ['a', 'b', 'c'] }],
    [0, attemptStarted('data[shard=1]')],
    [0, attemptStarted('data[shard=2]')],
    [4, succeeded('data[shard=1]', 4)],
    [4, built('data[shard=1]')],
    [5, { type: 'attempt-finished', instance: 'data[shard=2]', attempt: 1, outcome: 'failed', failure, seconds: 5 }],
    [5, { type: 'instance-finished', instance: 'data[shard=2]', state: 'failed', failure }],
    [5, { ...attemptStarted('data[shard=3]', 1, { cpu: 2, memory: 2 ** 30 }), log }],
    [5, attemptStarted('data[shard=4]')],
    [6, { type: 'progress', instance: 'data[shard=3]', done: 0, total: 1000, unit: '文' }],
    [11, { type: 'progress', instance: 'data[shard=3]', done: 500, total: 1000, unit: '文' }],
    [11, { type: 'metric', instance: 'data[shard=3]', name: 'loss', value: 4, step: 1 }],
    [11, { type: 'metric', instance: 'data[shard=3]', name: 'loss', value: 2, step: 2 }],
  );
}

/** The screen at twelve seconds, in a window of a size, with what it sends and how to type and to read. */
function openScreen(
  t: TestContext,
  columns: number,
  rows: number,
  logText = '一行目\nsecond line\n',
  moreEvents: readonly RunEvent[] = [],
) {
  t.mock.timers.enable({ apis: ['Date'], now: noon + 12_000 });
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-'));
  const log = join(directory, 'log');
  writeFileSync(log, logText);
  const { stdin, stdout, chunks } = fakeTerminal(columns, rows);
  const sent: ControlRequest[] = [];
  let left = 0;
  const feed = { state: foldEvents(emptyState, [...runEvents(log), ...moreEvents]) };
  const element = createElement(RunScreen, {
    feed,
    send: (request: ControlRequest) => sent.push(request),
    leave: () => {
      left += 1;
    },
  });
  const ink = render(element, { stdin, stdout, debug: true, exitOnCtrlC: false });
  t.after(() => {
    ink.unmount();
    t.mock.timers.reset();
    rmSync(directory, { recursive: true });
  });
  const lines = () =>
    stripVTControlCharacters(chunks.at(-1)!)
      .split('\n')
      .map((line) => line.trimEnd());
  return {
    log,
    sent,
    lines,
    left: () => left,
    type: (keys: string) => stdin.write(keys),
    resize(newColumns: number, newRows: number): void {
      Object.assign(stdout, { columns: newColumns, rows: newRows });
      stdout.emit('resize');
    },
    /** Waits for a frame like this; gives its lines. */
    async shows(pattern: RegExp): Promise<string[]> {
      const deadline = performance.now() + 5000;
      while (!pattern.test(lines().join('\n')) && performance.now() < deadline) await new Promise(setImmediate);
      assert.match(lines().join('\n'), pattern);
      return lines();
    },
  };
}

test('a window of 80×24 shows the tree, counts, rates, times, pools, metrics and the log', (t) => {
  const { lines } = openScreen(t, 80, 24);
  assert.deepEqual(lines().filter(Boolean), [
    ' kumiki 日本語BERT  20261123-120000-ab12                                8%  12s',
    ' cpu 3/4  memory 1 GiB/8 GiB                                ✓ 4  ● 2  ✗ 1  · 62',
    '  stage                                 done                 rate elapsed   left',
    '  ✓ 辞書                       ━━━━━━━━ cached',
    '  ✓ corpus                     ━━━━━━━━ cached',
    '  └ ✓ 形態素解析と文字種の一覧 ━━━━━━━━ cached',
    '❯   └ ● data ▸64               ──────── 1/64 ●2 ✗1         13/min     12s  4m55s',
    '      └ · train ▸2             ──────── 0/2',
    '── data[shard=3] and 1 more running ───────────────────────────────── pid 4711 ─',
    'loss         2  █▁  step 2',
    '一行目',
    'second line',
    ' ? help  q leave  ↑↓ move  space fold  l log  r retry  c cancel  f next failed',
  ]);
});

test('a window of 40×10 shows the same in short', (t) => {
  const { lines } = openScreen(t, 40, 10);
  assert.deepEqual(lines(), [
    ' kumiki 日本語BERT  20261123-1… 8%  12s',
    '  ✓ 辞書             cached',
    '  ✓ corpus           cached',
    '  └ ✓ 形態素解析と…  cached',
    '❯   └ ● data ▸64     1/64 ●2 ✗1      12s',
    '── data[shard=3] and 1 mor… ─ pid 4711 ─',
    'loss         2  █▁',
    '一行目',
    'second line',
    ' ? help  q leave  ↑↓ move  space fold',
  ]);
});

test('in a window of any size every line fits, and the keys are in the last one', (t) => {
  for (const [columns, rows] of [
    [40, 10],
    [80, 24],
    [100, 12],
    [150, 20],
    [160, 50],
    [200, 60],
  ] as const) {
    const screen = openScreen(t, columns, rows);
    const lines = screen.lines();
    assert.ok(lines.length <= rows, `${lines.length} lines in ${columns}×${rows}`);
    for (const line of lines) assert.ok(textWidth(line) <= columns, `${columns}×${rows}: ${line}`);
    assert.match(lines.at(-1)!, /\? help/);
    assert.ok(lines.some((line) => line.includes('second line')));
    t.mock.timers.reset();
  }
});

test('what moves to and from a remote is in the heading, and fits', (t) => {
  const moved = { type: 'results-moved', remote: 'gs://lab/cache', results: 3, of: 8, seconds: 5 } as const;
  const bytes = { bytes: 20 * 2 ** 20, ofBytes: 52 * 2 ** 20 };
  const events = eventsAt([11, { ...moved, direction: 'pushed', ...bytes }]);
  for (const [columns, shown] of [
    [160, /↑ 3 of 8 results · 20 MiB of 52 MiB · 4 MiB\/s · 8s left/],
    [80, /↑ 3 of 8 results.*✓ 4/],
    [40, /… +✓ 4/],
  ] as const) {
    const { lines } = openScreen(t, columns, 24, '', events);
    assert.match(lines()[1]!, shown);
    for (const line of lines()) assert.ok(textWidth(line) <= columns, line);
    t.mock.timers.reset();
  }
});

test('a resized window is laid out anew', async (t) => {
  const { resize, shows } = openScreen(t, 80, 24);
  resize(40, 10);
  const small = await shows(/^.{1,40}8% {2}12s$/m);
  assert.equal(small.length, 10);
  assert.ok(small.every((line) => textWidth(line) <= 40));
  resize(200, 60);
  assert.equal((await shows(/^.{150,}8% {2}12s$/m)).length, 60);
});

test('the cursor follows what runs until it is moved', async (t) => {
  const { type, shows } = openScreen(t, 80, 24);
  await shows(/^❯.*data/m);
  type('k');
  await shows(/^❯.*形態素解析/m);
  type('\u001b[A');
  await shows(/^❯.*corpus/m);
  type('G');
  await shows(/^❯.*train/m);
  type('g');
  await shows(/^❯.*辞書/m);
});

test('a stage unfolds to its instances, scrolls, and folds again from within', async (t) => {
  const { type, shows } = openScreen(t, 80, 24);
  type(' ');
  await shows(/✓ shard=1 /);
  type('G');
  await shows(/^❯.*train/m);
  type('kk');
  await shows(/^❯.*shard=63/m);
  await shows(/rows \d+–69 of 69/);
  type('\u001b[D');
  assert.ok(!(await shows(/^❯.*data ▸64/m)).join('\n').includes('shard=63 '));
});

test('r asks to run what failed again, and says so where nothing did', async (t) => {
  const { type, shows, sent } = openScreen(t, 80, 24);
  type('r');
  await shows(/asked to run data again/);
  assert.deepEqual(sent, [{ type: 'retry', instance: 'data[shard=2]' }]);
  type('g');
  await shows(/^❯.*辞書/m);
  type('r');
  await shows(/nothing failed here/);
  assert.equal(sent.length, 1);
});

test('c asks before it cancels what runs', async (t) => {
  const { type, shows, sent } = openScreen(t, 80, 24);
  type('c');
  await shows(/cancel 2 of data\?/);
  type('n');
  await shows(/\? help/);
  assert.deepEqual(sent, []);
  type('c');
  await shows(/cancel 2 of data\?/);
  type('y');
  await shows(/asked to cancel/);
  assert.deepEqual(
    sent,
    [3, 4].map((shard) => ({ type: 'cancel', instance: `data[shard=${shard}]` })),
  );
});

test('f goes to what failed, also within an unfolded stage, and shows why', async (t) => {
  const { type, shows } = openScreen(t, 80, 24);
  type(' ');
  await shows(/shard=1 /);
  type('f');
  await shows(/^❯ +✗ shard=2 .* exit 3/m);
  await shows(/^The command ended with exit code 3; see its log\.$/m);
});

test('Ctrl-C asks the engine to stop each time, q leaves it running', async (t) => {
  const { type, shows, sent, left } = openScreen(t, 80, 24);
  type('\u0003');
  await shows(/asked to stop/);
  type('c');
  await shows(/cancel 2 of data\?/);
  type('\u0003');
  await shows(/asked to stop/);
  assert.deepEqual(sent, [{ type: 'interrupt' }, { type: 'interrupt' }]);
  type('q?');
  await shows(/── keys/);
  assert.equal(left(), 1);
});

test('l shows the log on the whole screen, where it scrolls and follows its end', async (t) => {
  const numbered = Array.from({ length: 500 }, (_, line) => `line ${line + 1}`);
  const { type, shows, log } = openScreen(t, 80, 24, `${numbered.join('\n')}\n`);
  type('l');
  const end = await shows(/── log of data\[shard=3\] ─/);
  assert.equal(end.at(-2), 'line 500');
  type('kk');
  assert.equal((await shows(/2 below/)).at(-2), 'line 498');
  type('g');
  assert.equal((await shows(/480 below/))[3], 'line 1');
  type('j');
  assert.equal((await shows(/479 below/))[3], 'line 2');
  appendFileSync(log, 'ten\rdone \u001b[31mred\u001b[0m\n');
  type('j');
  assert.equal((await shows(/478 below/))[3], 'line 3');
  type('G');
  assert.equal((await shows(/^done red$/m)).at(-2), 'done red');
  type('l');
  await shows(/data ▸64/);
});

test('? lists the keys', async (t) => {
  const { type, shows } = openScreen(t, 80, 24);
  type('?');
  await shows(/kumiki watch comes back/);
});

/** A real run directory shown on a whole fake terminal. */
function show(t: TestContext, events: readonly RunEvent[]) {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const append = (more: readonly RunEvent[]) =>
    appendFileSync(join(directory, 'events.jsonl'), more.map((event) => `${JSON.stringify(event)}\n`).join(''));
  append(events);
  const terminal = fakeTerminal(80, 24);
  const shown = showRun(directory, { ...terminal, send() {} });
  const text = () => terminal.chunks.join('');
  return {
    shown,
    append,
    stdin: terminal.stdin,
    text,
    async until(part: string) {
      while (!text().includes(part)) await new Promise(setImmediate);
    },
    /** What is left on the terminal's first screen. */
    rest: () => stripVTControlCharacters(text().slice(text().lastIndexOf('\u001b[?1049l'))),
  };
}

test('when the run ends the screen closes and leaves a summary', async (t) => {
  const { shown, append, until, rest } = show(t, runEvents('/nowhere'));
  await until('data');
  append(eventsAt([20, runFinished('failed', 20)]));
  assert.deepEqual(await shown, { end: 'finished', exitCode: 1 });
  assert.match(
    rest(),
    /^✗ 日本語BERT failed after 20.0s · 1 built, 3 cached, 1 failed\n {2}✗ data\[shard=2\]: The command/,
  );
});

test('warnings are counted, shown with their instance, and left in the summary', async (t) => {
  const changed = { output: 'text', before: 'sha256:aa', now: 'sha256:bb' };
  const events: RunEvent[] = eventsAt(
    [0, runStarted({ name: '日本語BERT', groups, edges })],
    [0, attemptStarted('corpus')],
    [1, { type: 'warning', instance: 'corpus', message: '空行が二つある' }],
  );
  const { shown, append, until, rest } = show(t, events);
  await until('! 空行が二つある');
  await until(' ! 1 ');
  append(
    eventsAt(
      [2, { type: 'instance-finished', instance: 'corpus', state: 'built', irreproducible: [changed] }],
      [3, runFinished('done', 3)],
    ),
  );
  await shown;
  const told = '  ! corpus: 空行が二つある\n  ! corpus: not reproducible: text was sha256:aa, is now sha256:bb\n';
  assert.ok(rest().includes(told), rest());
});

test('leaving says how to come back', async (t) => {
  const { shown, until, stdin, rest } = show(t, runEvents('/nowhere'));
  await until('data');
  stdin.write('q');
  assert.deepEqual(await shown, { end: 'left' });
  assert.match(
    rest(),
    /^● 日本語BERT goes on, .*\n(?: .*\n)* {2}To come back to it: kumiki watch 20261123-120000-ab12\n$/,
  );
});

test('an engine that died closes the screen and is told of', async (t) => {
  const engine = spawn('sleep', ['1000']);
  t.after(() => engine.kill());
  const { shown, until, rest } = show(t, eventsAt([0, runStarted({ pid: engine.pid!, host: hostname() })]));
  await until('data');
  engine.kill('SIGKILL');
  await once(engine, 'exit');
  assert.equal((await shown).end, 'engine-died');
  assert.match(rest(), /^✗ The engine of run .* died before the run ended/);
});
