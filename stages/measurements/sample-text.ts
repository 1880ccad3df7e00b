import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiledFolder } from '../../src/compiled-folder.ts';
import { cpythonRandom } from '../../src/text/cpython-random.ts';

/** Sentences in a document of the sample. */
const documentLength = 12;

/**
 * So many bytes of Japanese text, one sentence a line, a blank line after each document: beginnings of the demonstration's
 * sentences put before ends of others. The same for the same size.
 */
export function sampleText(bytes: number): string {
  const demo = readFileSync(join(dirname(compiledFolder), 'workflows/demo/cc-100.txt'), 'utf8');
  const halves = demo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.length / 2), line.slice(line.length / 2)] as const);
  const random = cpythonRandom(0);
  const lines: string[] = [];
  let size = 0;
  for (let sentence = 1; size < bytes; sentence++) {
    const [first, second] = [halves[random.randrange(halves.length)]!, halves[random.randrange(halves.length)]!];
    const line = first[0] + second[1];
    lines.push(line);
    size += Buffer.byteLength(line) + 1;
    if (sentence % documentLength === 0) lines.push('');
  }
  return `${lines.join('\n')}\n\n`;
}

/** The same as a search dump of Wikipedia: an index line and a page for each document. */
export function sampleDump(bytes: number): string {
  const documents = sampleText(bytes).trim().split('\n\n');
  return documents
    .map(
      (text, i) =>
        `{"index":{"_id":"${i}"}}\n${JSON.stringify({ title: `第${i}頁`, text: text.replaceAll('\n', '') })}\n`,
    )
    .join('');
}
