/** Peers that are fetched when a benchmark runs, into a temporary folder; undefined where that cannot be done. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const patienceMs = 300_000;

/** `node_modules` with an npm package in it. */
export function npmPackage(folder: string, name: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  const done = succeeds('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, name]);
  return done ? join(folder, 'node_modules') : undefined;
}

/** Path of a program that a Python package brings, in an environment of its own. */
export function pipProgram(folder: string, name: string): string | undefined {
  const done =
    succeeds('python3', ['-m', 'venv', folder]) &&
    succeeds(join(folder, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', name]);
  return done ? join(folder, 'bin', name) : undefined;
}

function succeeds(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: patienceMs }).status === 0;
}
