/** fake-gcs-server, the public emulator, where it is installed: `go install github.com/fsouza/fake-gcs-server@latest`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Beside the checkout, or on the PATH. */
const beside = join(import.meta.dirname, '../../../../shared/tools/bin/fake-gcs-server');
export const emulatorProgram = existsSync(beside)
  ? beside
  : spawnSync('fake-gcs-server', ['-h']).error === undefined
    ? 'fake-gcs-server'
    : undefined;

export interface Emulator {
  readonly endpoint: string;
  stop(): void;
}

/** Starts the emulator on a free port, with a bucket `lab` below `folder`. */
export async function startEmulator(folder: string): Promise<Emulator> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const options = { scheme: 'http', host: '127.0.0.1', port, backend: 'filesystem', 'filesystem-root': folder };
  const words = Object.entries({ ...options, 'external-url': endpoint, 'public-host': `127.0.0.1:${port}` });
  const child = spawn(
    emulatorProgram!,
    [...words.flatMap(([name, value]) => [`-${name}`, String(value)]), '-log-level', 'error'],
    { stdio: 'ignore' },
  );
  await answered(`${endpoint}/_internal/healthcheck`, child);
  const made = await fetch(`${endpoint}/storage/v1/b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'lab' }),
  });
  if (!made.ok) throw new Error(`the emulator made no bucket: ${await made.text()}`);
  return { endpoint, stop: () => child.kill() };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** The program says nothing when it is ready: it is asked until it answers. */
async function answered(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(20);
  }
  throw new Error(`the emulator ended with ${child.exitCode}`);
}
