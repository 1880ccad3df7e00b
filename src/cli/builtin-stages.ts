import { join } from 'node:path';
import { compiledFolder } from '../compiled-folder.ts';
import { stageCatalogue } from '../stage/catalogue.ts';

/** The stages that come with kumiki. */
export const builtinStages = stageCatalogue(join(compiledFolder, 'stages'));
