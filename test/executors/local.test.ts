import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { JobEnd } from '../../src/executors/executor.ts';
import { createLocalExecutor } from '../../src/executors/local/local.ts';
import { treeMemory } from '../../src/executors/local/memory-sampler.ts';
import { isGroupAlive } from '../../src/executors/local/process-group.ts';
import { shellQuote } from '../../src/shell-quote.ts';
import { planOf } from '../run/plans.ts';

/** Runs scripts on one local executor, in a folder of their own. */
function openShell(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-local-'));
  const executor = createLocalExecutor({ stopMs: 100, emptyMs: 300 });
  t.after(() => {
    executor.close?.();
    rmSync(directory, { recursive: true });
  });
  let jobs = 0;
  return async (
    script: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<JobEnd & { readonly log: string }> => {
    const log = join(directory, `${++jobs}.log`);
    const running = await executor.start(
      {
        instance: planOf(directory, [{ id: 'a' }]).instances[0]!,
        key: 'key',
        attempt: 1,
        cwd: directory,
        env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...env },
        command: { kind: 'shell', script, events: join(directory, 'events') },
        log,
        reads: [],
        delivery: { outputs: {} },
        stopping: () => new AbortController().signal,
      },
      { progress() {}, metric() {}, warning() {}, conclusion() {}, holds() {} },
    );
    const end = await running.end;
    return { ...end, log: readFileSync(log, 'utf8') };
  };
}

test('a plain command and a script mean the same', async (t) => {
  const run = openShell(t);
  for (const script of [`printf %s 'a b' c`, `printf %s 'a b' c | cat`]) assert.equal((await run(script)).log, 'a bc');
  assert.equal((await run('no-such-command --x')).failure?.exitCode, 127);
  assert.equal((await run('no-such-command --x; :')).failure?.exitCode, 127);
  assert.equal((await run('false')).failure?.exitCode, 1);
  assert.equal((await run('exit 7')).failure?.exitCode, 7);
});

test('whatever words and redirections a command has, it means the same with and without a shell', async (t) => {
  const run = openShell(t);
  const texts = fc.array(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    { maxLength: 4 },
  );
  const logs = fc.asyncProperty(texts, async (words) => {
    const script = `/usr/bin/env printf '<%s>' ${words.map(shellQuote).join(' ')} > 'a file' 2>&1`;
    const simple = await run(`${script}\n`);
    const read = await run(`cat 'a file'`);
    const shell = await run(`${script}; cat 'a file'`);
    assert.deepEqual([simple.log, simple.failure, read.log], ['', undefined, shell.log]);
  });
  await fc.assert(logs, { numRuns: 20 });
  for (const script of ['cat < no/file', 'cat < no/file; :']) {
    const { failure, log } = await run(script);
    assert.deepEqual([failure?.exitCode, /no\/file: No such file/.test(log)], [1, true]);
  }
});

test('every attempt starts afresh: neither variables nor folders nor options of an earlier one remain', async (t) => {
  const run = openShell(t);
  await run('cd /; x=1; export LEFT=1 PATH=/nowhere; set +u; umask 0', { GIVEN: '1' });
  assert.equal(
    (await run('echo "$(basename "$PWD" | cut -c1-7) ${x-none} ${LEFT-none} ${GIVEN-none}"')).log,
    'kumiki- none none none\n',
  );
  assert.equal((await run('env; :', { LANG: 'C' })).log.match(/^LANG=.*$/m)?.[0], 'LANG=C');
  assert.equal((await run('env; :')).log.match(/^LANG=.*$/m)?.[0], 'LANG=C.UTF-8');
});

test('each attempt has a process id of its own, also of its shell', async (t) => {
  const run = openShell(t);
  const [first, second] = [await run('echo $$ $(ps -o pgid= $$)'), await run('echo $$')];
  const [pid, group] = first.log.trim().split(/\s+/);
  assert.equal(pid, group);
  assert.notEqual(pid, second.log.trim());
});

test('signals are told from exits', async (t) => {
  const run = openShell(t);
  assert.deepEqual((await run('kill -ABRT $$')).failure, {
    reason: 'signal',
    message: 'was ended by SIGABRT',
    signal: 'SIGABRT',
    tail: [],
  });
});

test('a full disk is recognised by what the stage says of it', async (t) => {
  const { failure } = await openShell(t)('echo "cp: error writing: No space left on device" >&2; exit 1');
  assert.equal(failure?.reason, 'disk-full');
});

test('what a child of the script used counts as its own', async (t) => {
  const { cpuSeconds } = await openShell(t)('(i=0; while ((i < 200000)); do ((i += 1)); done); :');
  assert.ok(cpuSeconds! > 0.05);
});

test('a script that kills the shell which started it is lost, and ended', async (t) => {
  const run = openShell(t);
  for (let time = 0; time < 20; time++) {
    const { failure, log } = await run('echo $$; kill -KILL $PPID; exec sleep 1000');
    assert.equal(failure?.reason, 'lost');
    assert.equal(isGroupAlive(Number(log)), false);
  }
  assert.equal((await run('echo next')).log, 'next\n');
});

test('a shell that is killed while it has nothing to do is replaced', async (t) => {
  const run = openShell(t);
  const { log } = await run('echo $PPID');
  process.kill(Number(log), 'SIGKILL');
  assert.equal((await run('echo next')).log, 'next\n');
});

test('the memory of a process counts its children', () => {
  assert.ok(treeMemory(process.pid) > 2 ** 23);
  assert.equal(treeMemory(2 ** 30), 0);
});
