import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchPythonPackage } from '../src/fetch/python-package.ts';
import { unpackFolder } from '../src/fetch/unpack-folder.ts';
import { extractEmbeddedIpadic } from '../src/mecab/index.ts';

export const embedded = 'npm:mecab-wasm';

export interface DictionaryRequest {
  /** NAME==VERSION of a Python package, or `embedded`. */
  readonly package: string;
  readonly sha256: string | undefined;
  /** An existing directory that gets MeCab's files. */
  readonly target: string;
  /** A directory for what pip downloads. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

/** Puts a MeCab dictionary into `target`. */
export async function fetchDictionary(request: DictionaryRequest): Promise<void> {
  const { target, sha256, signal, log } = request;
  if (request.package === embedded) await extractEmbeddedIpadic(target);
  else {
    const directory = join(request.scratch, 'pip');
    await mkdir(directory);
    const archive = await fetchPythonPackage({ requirement: request.package, sha256, directory, signal, log });
    await unpackFolder(archive, 'sys.dic', target);
  }
}
