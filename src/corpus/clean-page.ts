import { nfkc } from '../text/normalize.ts';
import { isPrintable } from '../text/printable.ts';

/** Wikipedia markup that the search dump leaves in a page's text, in the order in which it is removed. */
const markup = [/\[\p{Nd}+?\]/gu, /\[要.+?\]/gu, /\{\{+[^{}]+?\}\}+/gu];
const annotation = /\[(要出典|リンク切れ)\]/gu;
/** Looks through the rest of the page at each bracket: only for pages that have such a thing. */
const annotationOrQuestion = /\[(要出典|リンク切れ|.+?\?)\]/gu;

/** A page's text in one line: NFKC, printable characters only, without markup, navigation, footnotes and annotations. */
export function cleanPage(text: string, title: string | null): string {
  let line = dropUnprintable(nfkc(text));
  for (const pattern of markup) line = line.replace(pattern, '');
  if (title !== null) line = dropNavigation(line, title);
  line = dropFootnotes(line);
  return line
    .replace(line.includes('?]') ? annotationOrQuestion : annotation, '')
    .replace(/ {2,}/g, ' ')
    .replace(/^ | $/g, '');
}

function dropUnprintable(text: string): string {
  let result = '';
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i)!;
    const width = code > 0xffff ? 2 : 1;
    if (!isPrintableCached(code)) {
      result += text.slice(begin, i);
      begin = i + width;
    }
    i += width - 1;
  }
  return begin === 0 ? text : result + text.slice(begin);
}

const printable = new Uint8Array(0x110000);

function isPrintableCached(code: number): boolean {
  if (printable[code] === 0) printable[code] = isPrintable(code) ? 1 : 2;
  return printable[code] === 1;
}

/** Up to the first " > TITLE" that has something before it. The title is compared as it stands in the dump. */
function dropNavigation(text: string, title: string): string {
  const path = ` > ${title}`;
  const at = text.indexOf(path, 1);
  return at < 0 ? text : text.slice(at + path.length);
}

/** From the first " ^ " that has something behind it to the end. */
function dropFootnotes(text: string): string {
  const at = text.indexOf(' ^ ');
  return at < 0 || at + 3 === text.length ? text : text.slice(0, at);
}
