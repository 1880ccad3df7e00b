import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { extractEmbeddedIpadic } from '../../src/mecab/index.ts';

/** A directory with the embedded IPADIC's files, removed when the tests of the file are done. */
export async function ipadicDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kumiki-ipadic-'));
  after(() => rm(directory, { recursive: true }));
  await extractEmbeddedIpadic(directory);
  return directory;
}
