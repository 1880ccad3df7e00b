import { Box, Text } from 'ink';
import { createElement, type ReactNode } from 'react';
import { textWidth } from '../text-width.ts';
import { type Span, truncateSpans } from './spans.ts';

interface LinesProps {
  readonly lines: readonly (readonly Span[])[];
  readonly width: number;
  /** Empty below the last line. */
  readonly height?: number;
}

/** Lines of the screen, cut to its width. A line is its place: they have no keys. */
export function Lines({ lines, width, height }: LinesProps): ReactNode {
  const elements = lines.map((spans) => createElement(Line, { spans: truncateSpans(spans, width) }));
  return createElement(Box, { flexDirection: 'column', width, height }, ...elements);
}

function Line({ spans }: { readonly spans: readonly Span[] }) {
  let column = 0;
  return (
    <Text wrap="truncate">
      {spans.length === 0 && ' '}
      {spans.map(({ text, colour, bold = false, dim = false }) => {
        const start = column;
        column += textWidth(text);
        return text === '' ? null : (
          <Text key={start} {...(colour && { color: colour })} bold={bold} dimColor={dim}>
            {text}
          </Text>
        );
      })}
    </Text>
  );
}
