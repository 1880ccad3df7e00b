// Compiles kernel.as.ts into kernel.ts, which is committed so that building Kumiki needs TypeScript alone.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const OPTIONS =
  '-O3 --noAssert --runtime stub --use abort= --enable simd,threads ' +
  '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 --outFile kernel.wasm';

/** The text of kernel.ts. */
export async function compileKernel() {
  let wasm;
  const { error, stderr } = await asc.main(['kernel.as.ts', '--baseDir', import.meta.dirname, ...OPTIONS.split(' ')], {
    writeFile: (_name, contents) => {
      wasm = contents;
    },
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const lines = Buffer.from(wasm)
    .toString('base64')
    .match(/.{1,116}/g);
  return [
    '// Compiled from kernel.as.ts by compile-kernel.mjs: change it there.',
    '',
    'export const kernel = `',
    ...lines,
    '`;',
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  await writeFile(join(import.meta.dirname, 'kernel.ts'), await compileKernel());
}
