// Compiles each NAME.as.ts into NAME.ts beside it, which is committed so that building Kumiki needs TypeScript alone.

import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';
import { globSync } from 'tinyglobby';

const OPTIONS =
  '-O3 --noAssert --runtime stub --use abort= --enable simd,threads ' +
  '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --outFile kernel.wasm';

/** Sources in AssemblyScript, absolute paths. */
export function kernelSources() {
  return globSync('**/*.as.ts', { cwd: join(import.meta.dirname, '..'), absolute: true }).sort();
}

/** Where a source's compiled form belongs. */
export function compiledPath(source) {
  return source.replace(/\.as\.ts$/, '.ts');
}

/** The text of the compiled form. */
export async function compileKernel(source) {
  let wasm;
  const { error, stderr } = await asc.main([basename(source), '--baseDir', dirname(source), ...OPTIONS.split(' ')], {
    writeFile: (_name, contents) => {
      wasm = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const lines = Buffer.from(wasm)
    .toString('base64')
    .match(/.{1,116}/g);
  return [
    `// Compiled from ${basename(source)} by npm run build:kernels: change it there.`,
    '',
    'export const kernel = `',
    ...lines,
    '`;',
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  for (const source of kernelSources()) await writeFile(compiledPath(source), await compileKernel(source));
}
