/** Real disks that are full or may not be written: small file systems where this process may mount them, file-size limits and users without rights else. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cli, type Finished, Workspace } from '../e2e/rig.ts';

const text = { outputs: { text: 'file' } };
const workflow = {
  stages: {
    small: { run: 'head -c 500000 /dev/zero > ${{ outputs.text }}', ...text },
    large: { run: `cat${' ${{ stages.small.outputs.text }}'.repeat(6)} > \${{ outputs.text }}`, ...text },
  },
};

/** Mounts a file system of a few MiB; undefined where that is not allowed. */
function mountSmall(
  workspace: Workspace,
): { cache: string; remount(options: string): void; unmount(): void } | undefined {
  const cache = workspace.path('cache');
  workspace.write('cache/.gitignore', '*\n');
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', cache]).status !== 0) return undefined;
  return {
    cache,
    remount: (options) => assert.equal(spawnSync('mount', ['-o', `remount,${options}`, cache]).status, 0),
    unmount: () => void spawnSync('umount', ['-l', cache]),
  };
}

const message = /disk is full/;

test('a stage that fills the disk fails with what to do; what was finished is kept, and a run with more room goes on', async (t) => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const disk = mountSmall(workspace);
  if (!disk) {
    t.skip('this process may not mount a file system');
    return;
  }
  try {
    const full = await workspace.kumiki(['run']);
    assert.equal(full.exit, 1);
    assert.match(full.stdout, /large +failed after .*: the disk is full/);
    assert.doesNotMatch(full.stdout + full.stderr, /\n {4}at /, 'no stack trace');
    assert.deepEqual(readdirSync(join(disk.cache, 'work')), []);
    disk.remount('size=20m');
    assert.match((await workspace.kumiki(['run'])).stdout, /1 built, 1 cached/);
  } finally {
    disk.unmount();
  }
});

test('with no byte left every command says so or does its work; with room again all is as it was', async (t) => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const disk = mountSmall(workspace);
  if (!disk) {
    t.skip('this process may not mount a file system');
    return;
  }
  try {
    assert.equal((await workspace.kumiki(['run', 'small'])).exit, 0);
    spawnSync('bash', ['-c', `head -c 3000000 /dev/zero > '${join(disk.cache, 'filler')}'`]);
    const refused = await workspace.kumiki(['run']);
    assert.equal(refused.exit, 1);
    assert.match(refused.stderr, message);
    assert.doesNotMatch(refused.stderr, /\n {4}at /, 'no stack trace');
    for (const command of [
      ['status'],
      ['plan'],
      ['explain', 'large'],
      ['output', 'small.text'],
      ['cache', 'ls'],
      ['graph'],
    ]) {
      const { exit, stderr } = await workspace.kumiki(command);
      assert.deepEqual([exit, stderr], [0, ''], command.join(' '));
    }
    const cleaned = await workspace.kumiki(['cache', 'gc', '--dry-run']);
    assert.deepEqual([cleaned.exit, cleaned.stderr], [0, ''], 'what frees space works without any');
    rmSync(join(disk.cache, 'filler'));
    disk.remount('size=20m');
    assert.match((await workspace.kumiki(['run'])).stdout, /1 built, 1 cached/);
    assert.match((await workspace.kumiki(['cache', 'verify'])).stdout, /2 results, .*: 0 damaged/);

    rmSync(join(disk.cache, 'sources'), { recursive: true, force: true });

    disk.remount('ro');
    assertReadOnly(await workspace.kumiki(['run', '--force']));
    for (const command of [['output', 'large.text'], ['status'], ['plan'], ['explain', 'large']]) {
      const { exit, stderr } = await workspace.kumiki(command);
      assert.deepEqual([exit, stderr], [0, ''], command.join(' '));
    }
  } finally {
    disk.unmount();
  }
});

function assertReadOnly({ exit, stdout, stderr }: Finished): void {
  assert.equal(exit, 1);
  assert.match(stdout + stderr, /cannot be written .*mend its permissions or set KUMIKI_CACHE/);
  assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace');
}

test('a stage that may not write as much as it wants fails; nothing of it is kept', async () => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  const limited = spawnSync('bash', ['-c', `ulimit -f 1000; exec '${process.execPath}' '${cli}' run`], {
    cwd: workspace.root,
    encoding: 'utf8',
  });
  assert.equal(limited.status, 1, limited.stderr);
  assert.match(limited.stdout, /small +done[\s\S]*large +failed/);
  assert.match((await workspace.kumiki(['run'])).stdout, /1 built, 1 cached/);
});

test('a store that this user cannot write can be read; a run says what to do', async (t) => {
  await using workspace = new Workspace({ 'workflow.yaml': workflow });
  assert.equal((await workspace.kumiki(['run', 'small'])).exit, 0);
  // Root may write anywhere: there, somebody else looks at what root has made.
  const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
  if (user && spawnSync(process.execPath, [cli, '--version'], user).status !== 0) {
    t.skip('nobody but root may read this checkout');
    return;
  }
  if (user) {
    chmodSync(workspace.folder, 0o755);
    chownSync(workspace.root, user.uid, user.gid);
  }
  const store = workspace.path('cache');
  const folders = [
    store,
    ...readdirSync(store, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(store, name)),
  ];
  for (const folder of folders) chmodSync(folder, 0o555);
  try {
    const kumiki = (...args: string[]): Finished => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
        ...user,
        cwd: workspace.root,
        encoding: 'utf8',
      });
      return { exit: status ?? 'SIGKILL', stdout, stderr };
    };
    assertReadOnly(kumiki('run'));
    assert.match(kumiki('status').stdout, /✓ {2}small +current/);
    assert.ok(existsSync(kumiki('output', 'small.text').stdout.trim()));
    assert.match(kumiki('cache', 'verify').stdout, /1 result, .*: 0 damaged/);
  } finally {
    for (const folder of folders) chmodSync(folder, 0o755);
  }
});
