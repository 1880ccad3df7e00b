/** What the README shows works as it stands there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunEvent } from '../../src/run/events.ts';
import { Workspace } from '../e2e/rig.ts';
import { readme, readmeCommands } from '../readme.ts';

test('the example workflow runs', async () => {
  const [, workflow] = /```yaml\n([\s\S]*?)```/.exec(readme)!;
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const { exit, stderr } = await workspace.kumiki(['run']);
  assert.deepEqual([exit, stderr], [0, '']);
  assert.equal(workspace.read('out/all.txt'), 'left\nright\n');
});

test('lines for $KUMIKI_EVENTS are taken as they are shown', async () => {
  const lines = [...readme.matchAll(/^ {4}(\{"type":.*\})$/gm)].map(([, line]) => line!);
  assert.ok(lines.length >= 3);
  const run = `cat lines.txt > $KUMIKI_EVENTS`;
  await using workspace = new Workspace({ 'workflow.yaml': { stages: { a: { run } } }, 'lines.txt': lines.join('\n') });
  const { stdout } = await workspace.kumiki(['run', '--json']);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const told = events.flatMap((event) => {
    if (!['progress', 'metric', 'warning', 'conclusion'].includes(event.type)) return [];
    const { time: _time, instance: _instance, ...rest } = event as RunEvent & { instance?: string };
    return [rest];
  });
  assert.deepEqual(
    told,
    lines.map((line) => JSON.parse(line)),
  );
});

test('every type of event is listed', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../src/run/events.ts'), 'utf8');
  const types = [...source.matchAll(/interface \w+ \{\n {2}readonly type: '([\w-]+)'/g)].map(([, type]) => type!);
  assert.ok(types.length >= 12);
  for (const type of types) assert.ok(readme.includes(`\`${type}\``), type);
});

test('every command that is shown exists, with its options', async () => {
  await using workspace = new Workspace();
  const isOption = (word: string) => /^--?[a-z]/.test(word);
  const wanted = new Map<string, Set<string>>();
  for (const words of readmeCommands) {
    const end = words.findIndex((word) => !/^[a-z-]+$/.test(word) || isOption(word));
    const name = words.slice(0, end === -1 ? words.length : end).join(' ');
    wanted.set(name, new Set([...(wanted.get(name) ?? []), ...words.filter(isOption)]));
  }
  wanted.delete('');
  assert.ok(wanted.size >= 10, [...wanted.keys()].join(', '));
  for (const [name, options] of wanted) {
    const { exit, stdout } = await workspace.kumiki([...name.split(' '), '--help']);
    assert.equal(exit, 0, name);
    for (const option of options)
      assert.ok(stdout.includes(option.replace(/=.*/, '')), `kumiki ${name} has no ${option}`);
  }
});

test('every file that is named is there', () => {
  const files = [...readme.matchAll(/(?:dist\/)?(?:workflows|configs|src|test)\/[\w./-]*\w\.\w+/g)].map(([file]) =>
    file.startsWith('dist/') ? file.slice('dist/'.length).replace(/\.js$/, '.ts') : file,
  );
  assert.ok(files.length >= 10);
  for (const file of new Set(files)) {
    assert.ok(existsSync(join(import.meta.dirname, '../../..', file)), `${file} is not there`);
  }
});
