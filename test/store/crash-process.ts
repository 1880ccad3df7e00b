/** Builds one result, and kills itself before the call of that number to a function of `fs` that changes something. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Store } from '../../src/store/store.ts';

const [cache, key, fatal, rebuild] = process.argv.slice(2) as [string, string, string, string];
const changing = [
  'appendFileSync',
  'chmodSync',
  'copyFileSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmdirSync',
  'unlinkSync',
  'utimesSync',
  'writeFileSync',
  'writeSync',
] as const;

let calls = 0;
const functions = fs as unknown as Record<string, (...args: unknown[]) => unknown>;

const { openStore } = await import('../../src/store/open-store.ts');
const { build, text, tree } = await import('./rig.ts');
const store: Store = await openStore(cache, { kumiki: '0.0.0' });

for (const name of changing) {
  const original = functions[name]!;
  functions[name] = (...args) => {
    if (++calls === Number(fatal)) process.kill(process.pid, 'SIGKILL');
    return original(...args);
  };
}
syncBuiltinESMExports();

const committed = await build(store, key, { ...text, ...tree }, { rebuild: rebuild === 'true' });
await store.close();
process.exit(committed.ok ? 0 : 1);
