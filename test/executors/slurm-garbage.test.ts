/** What `cache gc` does with jobs of a cluster that nobody watches, with a stand-in for Slurm's programs. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { standingJobs } from '../../src/executors/slurm/standing-jobs.ts';
import { openStore } from '../../src/store/open-store.ts';
import { collectGarbage } from '../../src/store/upkeep/collect-garbage.ts';

const [living, ended, recent, input] = ['1', '2', '3', '4'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
const long = new Date(Date.now() - 40 * 86_400_000);

/** A cache with three jobs that read the same result: one that runs, two that have ended, of which one long ago. */
async function openCache(t: TestContext) {
  const cache = mkdtempSync(join(tmpdir(), 'kumiki-gc-'));
  t.after(() => rmSync(cache, { recursive: true, force: true }));
  const bin = join(cache, 'bin');
  mkdirSync(join(bin, 'jobs'), { recursive: true });
  copyFileSync(join(import.meta.dirname, '../../../test/slurm/fake-slurm.sh'), join(bin, 'squeue'));
  chmodSync(join(bin, 'squeue'), 0o755);
  writeFileSync(join(bin, 'jobs/kumiki-a.0'), 'kumiki-a|0|7_0|RUNNING|None\n');
  const path = process.env.PATH ?? '';
  process.env.PATH = `${bin}:${path}`;
  t.after(() => {
    process.env.PATH = path;
  });
  for (const [index, key] of [living, ended, recent].entries()) {
    const folder = join(cache, 'slurm', key);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.start.sh'), `# kumiki-a/${index}\n# ${input}\n`);
    if (key !== living) writeFileSync(join(folder, '.exit'), '{"code":0,"seconds":1,"timedOut":false}\n');
    if (key === recent) continue;
    for (const name of ['.start.sh', ...(key === ended ? ['.exit'] : []), ''])
      utimesSync(join(folder, name), long, long);
  }
  const store = await openStore(cache, { kumiki: '0.0.0' });
  const claim = await store.claim(input, { signal: new AbortController().signal, onWait() {} });
  if (!('begin' in claim)) throw new Error('the store is not empty');
  const attempt = await claim.begin({ outputs: { out: 'file' } });
  writeFileSync(attempt.outputs.out!, 'input');
  await attempt.commit({
    instance: 'input',
    recipe: null,
    inputs: [],
    promised: [],
    how: {},
    run: 'none',
    started: long.toISOString(),
    seconds: 0,
    resources: {},
    exit: 0,
    metrics: {},
  });
  await claim.release();
  await store.close();
  const collect = async () => collectGarbage(cache, { keepRuns: 0, jobs: await standingJobs(cache) });
  return { cache, bin, collect, isThere: (key: string) => existsSync(join(cache, 'slurm', key)) };
}

test('an old job that has ended goes; living and recent ones stay, with what they read', async (t) => {
  const { cache, collect, isThere } = await openCache(t);
  const { results, leftovers } = await collect();
  assert.deepEqual([results, leftovers.map(({ what }) => what)], [[], ['ended job']]);
  assert.deepEqual([living, ended, recent].map(isThere), [true, false, true]);
  assert.equal(existsSync(join(cache, 'store', input, 'out')), true);
});

test('what no job reads any more goes', async (t) => {
  const { cache, collect } = await openCache(t);
  for (const key of [living, recent]) rmSync(join(cache, 'slurm', key), { recursive: true });
  assert.deepEqual(
    (await collect()).results.map(({ key }) => key),
    [input],
  );
});

test('a job that Slurm does not know is an old one, unless Slurm does not answer', async (t) => {
  const { bin, collect, isThere } = await openCache(t);
  writeFileSync(join(bin, 'deaf'), '1\n');
  await collect();
  assert.equal(isThere(living), true);
  writeFileSync(join(bin, 'forget'), '');
  await collect();
  assert.equal(isThere(living), false);
});
