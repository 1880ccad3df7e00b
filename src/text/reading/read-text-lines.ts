import { checkUtf8, forEachTextLine, readLineBlocks } from './read-lines.ts';

/** All lines of a small file as Python's text mode reads them, without their ends. Throws `TextError`. */
export async function readTextLines(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const block of readLineBlocks(path)) {
    await checkUtf8(path, block);
    const bytes = Buffer.from(block.bytes.buffer);
    forEachTextLine(bytes, (begin, end) => {
      lines.push(bytes.toString('utf8', begin, end));
    });
  }
  return lines;
}
