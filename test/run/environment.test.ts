import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { commitOf, environment } from '../../src/run/environment.ts';

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim();

test('the commit of a checkout is read as git says it: on a branch, packed, detached, in a worktree', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-commit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = join(folder, 'main');
  git(folder, 'init', '-q', root);
  assert.equal(commitOf(root), undefined, 'nothing is committed yet');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'first');
  const head = git(root, 'rev-parse', 'HEAD');
  assert.equal(commitOf(root), head);
  git(root, 'pack-refs', '--all');
  assert.equal(commitOf(root), head);
  git(root, 'worktree', 'add', '-q', '-b', 'other', join(folder, 'other'));
  assert.equal(commitOf(join(folder, 'other')), head);
  git(root, 'checkout', '-q', '--detach');
  assert.equal(commitOf(root), head);
});

test('outside of a checkout there is no commit', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kumiki-commit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal(commitOf(folder), undefined);
  assert.ok(!('commit' in environment(folder)));
  assert.equal(environment(folder).node, process.version);
});
