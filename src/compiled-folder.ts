import { dirname } from 'node:path';

/** `dist`: where the compiled modules lie, whatever bundle the code that asks has become part of (see src/cli/bundle.mjs). */
export const compiledFolder = dirname(import.meta.dirname);
