import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { digestFile } from './digest-file.ts';
import { FetchError } from './fetch-error.ts';
import { downloadWithPip } from './pip.ts';

export interface PythonPackageOptions {
  /** `NAME==VERSION`. */
  readonly requirement: string;
  readonly sha256?: string;
  /** An empty directory. */
  readonly directory: string;
  readonly signal: AbortSignal;
  log(message: string): void;
}

const exactRequirement = /^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+$/;

/** Archives of which the digest is known: those that the published models were made with. */
const knownDigests: Readonly<Record<string, string>> = {
  'unidic-lite==1.0.8': 'db9d4572d9fdd4d00a97949d4b0741ec480ee05a7e7e2e32f547500dae27b245',
  'ipadic==1.0.0': 'f5923d31eca6131acaaf18ed28d8998665b1347b640d3a6476f64650e9a71c07',
};

/** The archive (sdist or wheel) of a Python package, fetched by the user's own pip. Throws `FetchError`. */
export async function fetchPythonPackage(options: PythonPackageOptions): Promise<string> {
  const { requirement, directory, signal, log } = options;
  if (!exactRequirement.test(requirement)) {
    throw new FetchError(`${requirement} is not a package with a version, such as unidic-lite==1.0.8`);
  }
  const withoutPip =
    ', or use the package npm:mecab-wasm, or give the directory of an installed MeCab dictionary as the input of the stages';
  await downloadWithPip({ requirement, directory, withoutPip, signal });
  const [name, ...others] = await readdir(directory);
  if (!name || others.length > 0) throw new FetchError(`pip downloaded ${others.length + 1} files for ${requirement}`);
  const archive = join(directory, name);
  const digest = await digestFile(archive);
  const expected = options.sha256?.toLowerCase() ?? knownDigests[requirement];
  log(`${name}: sha256 ${digest}`);
  if (expected !== undefined && digest !== expected) {
    throw new FetchError(`${requirement}: the sha256 of ${name} is ${digest}, not ${expected}`);
  }
  return archive;
}
