import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledFolder } from './compiled-folder.ts';

const manifest = join(compiledFolder, '../package.json');

/** Of this package; recorded with every run and result. */
export const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
