import { join } from 'node:path';
import { stageCatalogue } from '../stage/catalogue.ts';

/** The stages that come with kumiki. */
export const builtinStages = stageCatalogue(join(import.meta.dirname, '../../stages'));
