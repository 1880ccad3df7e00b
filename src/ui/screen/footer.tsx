import type { View } from './keys/view.ts';
import { Lines } from './lines.tsx';
import { type Span, spansWidth } from './spans.ts';

type Hint = readonly [key: string, what: string];

const listHints: readonly Hint[] = [
  ['?', 'help'],
  ['q', 'leave'],
  ['↑↓', 'move'],
  ['space', 'fold'],
  ['l', 'log'],
  ['r', 'retry'],
  ['c', 'cancel'],
  ['f', 'next failed'],
  ['^C', 'stop'],
];
const logHints: readonly Hint[] = [
  ['?', 'help'],
  ['l', 'back'],
  ['↑↓', 'scroll'],
  ['G', 'follow'],
  ['q', 'leave'],
];

/** The last line: a question, what was just said, or the keys; as many of them as fit. */
export function Footer({ view, width }: { readonly view: View; readonly width: number }) {
  return <Lines lines={[footerSpans(view, width)]} width={width} height={1} />;
}

function footerSpans({ question, notice, pane }: View, width: number): Span[] {
  if (question)
    return [
      { text: ` ${question.text} `, colour: 'yellow', bold: true },
      ...hintSpans([
        ['y', 'yes'],
        ['n', 'no'],
      ]),
    ];
  if (notice) return [{ text: ` ${notice}`, colour: 'yellow' }];
  const hints = pane === 'log' ? logHints : listHints;
  const fitting = hints.findLastIndex((_, end) => spansWidth(hintSpans(hints.slice(0, end + 1))) <= width);
  return hintSpans(hints.slice(0, fitting + 1));
}

function hintSpans(hints: readonly Hint[]): Span[] {
  return hints.flatMap(([key, what]): Span[] => [
    { text: ` ${key} `, bold: true },
    { text: `${what} `, dim: true },
  ]);
}
