/** What the stages could use on this machine. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Finding } from '../../src/executors/survey.ts';

export function surveyStages(): readonly Finding[] {
  return [tensorflow()];
}

/** The addon counts when the library is there that its installer downloads. */
function tensorflow(): Finding {
  const about = { name: 'tensorflow', purpose: 'training on GPUs and fast training on CPUs', required: false };
  const remedy = 'npm rebuild @tensorflow/tfjs-node-gpu (needs access to its download)';
  try {
    const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json');
    if (existsSync(join(dirname(manifest), 'deps/lib'))) return { ...about, state: 'ok', found: 'addon and library' };
    return { ...about, state: 'unusable', found: 'addon without its library', remedy };
  } catch {
    return { ...about, state: 'missing', found: 'not installed', remedy: 'npm install @tensorflow/tfjs-node-gpu' };
  }
}
