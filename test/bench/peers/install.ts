/** Peers that are fetched when a benchmark runs, into a temporary folder; undefined where that cannot be done. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

/** Path of a Rust program of this folder, built with its crates. */
export function cargoProgram(folder: string, name: string): string | undefined {
  const manifest = join(import.meta.dirname, '../../../../test/bench/peers', name, 'Cargo.toml');
  const done = succeeds('cargo', ['build', '--release', '--manifest-path', manifest, '--target-dir', folder]);
  return done ? join(folder, 'release', `${name}-bench`) : undefined;
}

export interface DictionarySource {
  /** Source in UTF-8: lex.csv, matrix.def, char.def, unk.def and what else mecab-dict-index reads. */
  readonly source: string;
  /** The same compiled. */
  readonly compiled: string;
}

/** IPADIC from Debian's package mecab-ipadic, which holds its source, compiled by the mecab-dict-index of Debian's mecab. */
export function debianIpadic(folder: string): DictionarySource | undefined {
  const [packed, source, compiled] = ['packed', 'source', 'compiled'].map((name) => join(folder, name)) as Triple;
  for (const path of [packed, source, compiled]) mkdirSync(path, { recursive: true });
  if (!succeeds('apt-get', ['download', 'mecab-ipadic'], packed)) return undefined;
  const [archive = ''] = readdirSync(packed);
  if (!succeeds('dpkg-deb', ['-x', join(packed, archive), packed])) return undefined;
  const original = join(packed, 'usr/share/mecab/dic/ipadic');
  const text = (name: string) => new TextDecoder('euc-jp').decode(readFileSync(join(original, name)));
  const names = readdirSync(original);
  for (const name of names) if (!name.endsWith('.csv')) writeFileSync(join(source, name), text(name));
  const words = names.filter((name) => name.endsWith('.csv')).sort();
  writeFileSync(join(source, 'lex.csv'), words.map(text).join(''));
  const indexer = '/usr/lib/mecab/mecab-dict-index';
  if (!succeeds(indexer, ['-d', source, '-o', compiled, '-f', 'utf-8', '-t', 'utf-8'])) return undefined;
  copyFileSync(join(source, 'dicrc'), join(compiled, 'dicrc'));
  return { source, compiled };
}

type Triple = [string, string, string];

function succeeds(program: string, args: readonly string[], cwd?: string): boolean {
  return spawnSync(program, args, { cwd, stdio: 'ignore', timeout: patienceMs }).status === 0;
}
