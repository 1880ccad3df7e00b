/** What the screen costs while 16 of 1,000 instances run, each with 4 progress events a second. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { showRun } from '../../src/ui/index.ts';
import { fakeTerminal } from '../ui/fake-terminal.ts';

const seconds = 20;
const warmUpSeconds = 4;
const allowed = 0.05;
const sizes = [
  [80, 24],
  [200, 60],
] as const;

async function shareOfCore(columns: number, rows: number): Promise<{ share: number; bytes: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-ui-'));
  const generator = join(import.meta.dirname, '../ui/synthetic-run.js');
  const engine = spawn(process.execPath, [generator, directory, '1000', '600'], { stdio: 'ignore' });
  try {
    const { stdin, stdout, written } = fakeTerminal(columns, rows);
    const shown = showRun(directory, { stdin, stdout, send() {} });
    await delay(warmUpSeconds * 1000);
    const [cpu, bytes] = [process.cpuUsage(), written()];
    await delay(seconds * 1000);
    const { user, system } = process.cpuUsage(cpu);
    const result = { share: (user + system) / 1e6 / seconds, bytes: written() - bytes };
    stdin.write('q');
    await shown;
    return result;
  } finally {
    engine.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

for (const [columns, rows] of sizes) {
  const { share, bytes } = await shareOfCore(columns, rows);
  const told = `${(share * 100).toFixed(1)} % of a core (allowed: ${allowed * 100} %), ${Math.round(bytes / seconds / 1024)} KiB/s to the terminal`;
  console.log(`screen of ${columns}×${rows}, 1,000 instances, 16 running: ${told}`);
  if (share > allowed) process.exitCode = 1;
}
