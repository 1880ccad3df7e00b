/** An engine in a process of its own: runs the plan in the file that it is given. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalExecutor } from '../../src/executors/local/local.ts';
import type { Plan } from '../../src/graph/plan.ts';
import { startRun } from '../../src/run/run.ts';
import { openStore } from '../../src/store/open-store.ts';
import { openSources } from '../../src/store/sources.ts';

const plan = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Plan;
const cache = join(plan.root, 'cache');
const store = await openStore(cache, { kumiki: 'test' });
const sources = await openSources(cache);
const local = createLocalExecutor();
const { exitCode } = await startRun(plan, { store, sources, executors: { local }, stageModule: (name) => name })
  .finished;
local.close?.();
await store.close();
process.exitCode = exitCode;
