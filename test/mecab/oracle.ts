import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { mecabWasmFolder } from '../../src/mecab/embedded.ts';

/** MeCab itself, with IPADIC: what it prints for a line without U+0000, token by token. */
export type Oracle = (line: Uint8Array) => Buffer;

interface EmscriptenModule {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  _mecab_sparse_tostr3(mecab: number, line: number, length: number, out: number, outLength: number): number;
  ccall(name: string, returns: string, types: string[], values: unknown[]): number;
}

type Load = (options: object) => Promise<EmscriptenModule>;

/**
 * Loads MeCab as the npm package mecab-wasm has it. The package is built for browsers' workers alone and asserts that it
 * is not in Node, so its script is run as a function that sees a worker's globals and no `process`.
 */
export async function loadOracle(): Promise<Oracle> {
  const folder = mecabWasmFolder();
  const script = readFileSync(join(folder, 'libmecab.js'), 'utf8')
    .replaceAll('import.meta.url', '""')
    .replace(/export default Module;?\s*$/, 'return Module;');
  const load = compileFunction(script, ['process', 'importScripts', 'self'])(undefined, () => {}, {
    location: { href: '' },
  }) as Load;
  const data = readFileSync(join(folder, 'libmecab.data'));
  const mecab = await load({
    wasmBinary: readFileSync(join(folder, 'libmecab.wasm')),
    getPreloadedPackage: () => data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
    locateFile: (name: string) => name,
  });
  const handle = mecab.ccall('mecab_new2', 'number', ['string'], ['']);
  return (line) => {
    const room = 256 * (line.length + 16);
    const text = mecab._malloc(line.length);
    const out = mecab._malloc(room);
    mecab.HEAPU8.set(line, text);
    const printed = mecab._mecab_sparse_tostr3(handle, text, line.length, out, room);
    const bytes = mecab.HEAPU8.slice(printed, mecab.HEAPU8.indexOf(0, printed));
    mecab._free(text);
    mecab._free(out);
    return Buffer.from(bytes);
  };
}
