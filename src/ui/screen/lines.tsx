import { styleText } from 'node:util';
import { Box, Text, Transform } from 'ink';
import { createContext, type ReactNode, useContext } from 'react';
import { type Span, truncateSpans } from './spans.ts';

/** Whether the terminal is to show colours; bold and dim stay either way. */
export const ColourContext = createContext(true);

interface LinesProps {
  readonly lines: readonly (readonly Span[])[];
  readonly width: number;
  /** Empty below the last line. */
  readonly height: number;
}

/**
 * Lines of the screen, cut to its width.
 *
 * Ink lays out blank lines, and the real ones take their place when it draws: ink remembers the measures of every
 * text that it ever laid out, and a screen that ticks for days would feed it without end.
 */
export function Lines({ lines, width, height }: LinesProps): ReactNode {
  const coloured = useContext(ColourContext);
  const drawn = (_blank: string, index: number) => drawLine(truncateSpans(lines[index] ?? [], width), coloured);
  return (
    <Box width={width} height={height}>
      <Transform transform={drawn}>
        <Text>{Array(height).fill(' ').join('\n')}</Text>
      </Transform>
    </Box>
  );
}

function drawLine(spans: readonly Span[], coloured: boolean): string {
  return spans.map((span) => drawSpan(span, coloured)).join('');
}

function drawSpan({ text, colour, bold, dim }: Span, coloured: boolean): string {
  const styles = [colour && coloured && colour, bold && ('bold' as const), dim && ('dim' as const)].filter(
    (style) => style !== undefined && style !== false,
  );
  return styles.length > 0 && text ? styleText(styles, text, { validateStream: false }) : text;
}
