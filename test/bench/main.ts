/** `npm run bench [-- NAME…]`: runs the benchmarks by file name, each in a process of its own; all of them without a name. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const notBenches = new Set(['main.js', 'measure.js', 'exec-stage.js', 'mecab-thread.js', 'plain-client.js']);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.js') && !notBenches.has(file))
  .map((file) => file.slice(0, -'.js'.length))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}
let failed = false;
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`\n## ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.js`)], { stdio: 'inherit' });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
