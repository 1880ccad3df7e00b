import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

/** Every `kumiki …` in a code block or between backquotes, as words, without its comment. */
export const readmeCommands: readonly (readonly string[])[] = Array.from(
  readme.replaceAll(/ \\\n +/g, ' ').matchAll(/^ {4}kumiki (.+)$|`kumiki ([^`]+)`/gm),
  ([, block, inline]) =>
    (block ?? inline!)
      .replace(/\s+#.*/, '')
      .match(/"[^"]*"|'[^']*'|\S+/g)!
      .map((word) => word.replaceAll(/^["']|["']$/g, '')),
);
