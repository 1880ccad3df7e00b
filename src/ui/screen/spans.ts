/** A line of the screen: pieces of text, each in one style. */
import type { Colour } from '../palette.ts';
import { fitWidth, textWidth, truncate } from '../text-width.ts';

export interface Span {
  readonly text: string;
  readonly colour?: Colour;
  readonly bold?: true;
  readonly dim?: true;
}

export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** Cut to `width` cells. */
export function truncateSpans(spans: readonly Span[], width: number): Span[] {
  const kept: Span[] = [];
  let free = width;
  for (const span of spans) {
    if (free <= 0) break;
    const text = truncate(span.text, free);
    kept.push({ ...span, text });
    free -= textWidth(text);
    if (text !== span.text) break;
  }
  return kept;
}

/** Exactly `width` cells, cut or padded. */
export function fitSpans(spans: readonly Span[], width: number): Span[] {
  const kept = truncateSpans(spans, width);
  return [...kept, { text: ' '.repeat(Math.max(0, width - spansWidth(kept))) }];
}

/** One at the left, one at the right; where both do not fit, the left one gives way. */
export function spread(left: readonly Span[], right: readonly Span[], width: number): Span[] {
  const end = truncateSpans(right, width);
  const room = width - spansWidth(end);
  return room < 8 ? fitSpans(end, width) : [...fitSpans(left, room - 1), { text: ' ' }, ...end];
}

/** A cell of a table. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return align === 'left' ? fitWidth(text, width) : truncate(text, width).padStart(width);
}
