/** Text measured in terminal cells: full-width characters take two. */
import { eastAsianWidth } from 'get-east-asian-width';

export function textWidth(text: string): number {
  return isPlain(text) ? text.length : measuredWidth(text);
}

/** Exactly `width` cells: padded at the end, or cut with an ellipsis. */
export function fitWidth(text: string, width: number): string {
  const cut = truncate(text, width);
  return cut + ' '.repeat(Math.max(0, width - textWidth(cut)));
}

/** At most `width` cells; an ellipsis says where something is missing. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  return width < 1 ? '' : `${takeCells(text, width - 1)}…`;
}

/** At most `width` cells, the end kept: for what differs at its end, such as paths. */
export function truncateStart(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  const kept: string[] = [];
  let used = 1;
  for (const { segment } of [...segments(text)].reverse()) {
    used += textWidth(segment);
    if (used > width) break;
    kept.unshift(segment);
  }
  return `…${kept.join('')}`;
}

/** The longest beginning that fits. */
export function takeCells(text: string, width: number): string {
  return isPlain(text) ? text.slice(0, width) : cutText(text, width);
}

/** Broken into lines of at most `width` cells, at spaces where there are any. */
export function wrapWidth(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (textWidth(rest) > width) {
    const fitting = takeCells(rest, width) || rest.slice(0, 1);
    const space = rest[fitting.length] === ' ' ? fitting.length : fitting.lastIndexOf(' ');
    const end = space > 0 ? space : fitting.length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

// A screen shows the same texts again and again, and measuring them takes most of its time.
const measuredWidth = remembered(sumOfWidths);
const cutText = remembered(cutBySegments);

function sumOfWidths(text: string): number {
  let sum = 0;
  for (const { segment } of segments(text)) sum += segmentWidth(segment);
  return sum;
}

/** Of a character with all that combines with it: emoji are wide, and so is what East Asian fonts draw wide. */
function segmentWidth(segment: string): number {
  if (/\uFE0F|^\p{Regional_Indicator}{2}/u.test(segment)) return 2;
  const visible = /[^\p{Mark}\p{Control}\p{Format}]/u.exec(segment);
  return visible ? eastAsianWidth(visible[0].codePointAt(0)!) : 0;
}

function cutBySegments(text: string, width: number): string {
  let used = 0;
  let end = 0;
  for (const { segment, index } of segments(text)) {
    used += textWidth(segment);
    if (used > width) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Made when the first text needs it: most programs never do. */
let segmenter: Intl.Segmenter | undefined;

function segments(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

/** The same function with a memory of its last answers, bounded by forgetting all at once. */
function remembered<Answer>(ask: (text: string, width: number) => Answer): (text: string, width?: number) => Answer {
  const answers = new Map<string, Answer>();
  return (text, width = 0) => {
    const question = `${width} ${text}`;
    const known = answers.get(question);
    if (known !== undefined) return known;
    if (answers.size >= 4096) answers.clear();
    const answer = ask(text, width);
    answers.set(question, answer);
    return answer;
  };
}

/** Printable ASCII: one cell each, and nearly all there is. */
function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
