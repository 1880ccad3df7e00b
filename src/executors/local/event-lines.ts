import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import type { Held } from '../../stage/held.ts';
import type { JobListener } from '../executor.ts';

const intervalMs = 250;
const longestLine = 65_536;

/** Follows a file of event lines, see `readEventLines`, until it is stopped. */
export function followEventLines(file: string, listener: JobListener): { stop(): void } {
  const lines = readEventLines(file, listener);
  const timer = setInterval(lines.read, intervalMs);
  return {
    stop() {
      clearInterval(timer);
      lines.end();
    },
  };
}

/**
 * Reads the file that `$KUMIKI_EVENTS` names while a stage runs: what is new in it each time, and at the `end` a last line that is not ended. Each line is a JSON object, as in the event stream:
 * `{"type": "progress", "done": 3, "total": 10, "unit": "files"}` (`total` and `unit` may be left out),
 * `{"type": "metric", "name": "loss", "value": 0.25, "step": 100}` (`step` may be left out),
 * `{"type": "warning", "message": "text"}`, `{"type": "conclusion", "text": "lines that the run ends with"}`,
 * or `{"type": "holds", "held": {"what": "VM a1", "remedy": "it costs money until …"}}`, see `Held`. The first line that is none of these is warned about, the rest of them ignored.
 */
export function readEventLines(file: string, listener: JobListener): { read(): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let offset = 0;
  let rest = '';
  let warned = false;

  const take = (line: string) => {
    if (line.trim() === '' || report(line, listener) || warned) return;
    warned = true;
    listener.warning(`a line in $KUMIKI_EVENTS is not understood: ${onOneLine(line.slice(0, 200))}`);
  };
  const read = () => {
    const bytes = readFrom(file, offset);
    offset += bytes.length;
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) {
      lines.push(rest);
      rest = '';
    }
    for (const line of lines) take(line);
  };
  return {
    read,
    end() {
      read();
      take(rest);
    },
  };
}

function readFrom(file: string, offset: number): Buffer {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= offset) return Buffer.alloc(0);
  const buffer = Buffer.alloc(Math.min(size - offset, 1 << 20));
  const descriptor = openSync(file, 'r');
  try {
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(descriptor);
  }
}

function report(line: string, listener: JobListener): boolean {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return false;
  }
  if (!isRecord(event)) return false;
  const { type, done, total, unit = '', name, value, step, message, text, held } = event;
  if (type === 'progress' && isNumber(done) && isOptionalNumber(total) && typeof unit === 'string') {
    listener.progress(done, total, onOneLine(unit));
  } else if (type === 'metric' && typeof name === 'string' && isNumber(value) && isOptionalNumber(step)) {
    listener.metric(onOneLine(name), value, step);
  } else if (type === 'warning' && typeof message === 'string') {
    listener.warning(onOneLine(message));
  } else if (type === 'conclusion' && typeof text === 'string') {
    listener.conclusion(text);
  } else if (type === 'holds' && (held === undefined || isHeld(held))) {
    listener.holds(held);
  } else {
    return false;
  }
  return true;
}

/** As it may stand among other text on a terminal: without what moves its cursor or colours it. */
function onOneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isHeld(value: unknown): value is Held {
  if (!isRecord(value)) return false;
  const { what, remedy, goesOn } = value;
  const names = typeof what === 'string' && typeof remedy === 'string';
  return names && (goesOn === undefined || goesOn === 'if-left' || goesOn === 'always');
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isOptionalNumber(value: unknown): value is number | undefined {
  return value === undefined || isNumber(value);
}
