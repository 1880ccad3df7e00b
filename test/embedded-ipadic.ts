import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { extractEmbeddedIpadic } from '../src/mecab/index.ts';

/** A directory with the IPADIC of mecab-wasm, for the tests of one file; removed behind them. */
export async function embeddedIpadic(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'kumiki-ipadic-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  await extractEmbeddedIpadic(directory);
  return directory;
}
