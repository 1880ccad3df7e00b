import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program that stands for a Python with Model Garden; its faults and calls lie beside it, in `folder`. */
export function writeFakePython(folder: string, name = 'python'): string {
  mkdirSync(folder, { recursive: true });
  const program = join(folder, name);
  const script = join(import.meta.dirname, 'fake-trainer.js');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${folder}' "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}
