import { relative } from 'node:path';
import stringWidth from 'string-width';
import { lineAt, type Place } from './yaml/source.ts';

/** Something wrong with a workflow, or suspicious about it. Plain JSON, so that warnings can be cached with the plan. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** One sentence, lower case, without a full stop. */
  readonly message: string;
  readonly at: Location;
  /** What to do about it. */
  readonly hint?: string;
  /** Other places that have part in it. */
  readonly related?: readonly { readonly message: string; readonly at: Location }[];
}

interface Location {
  readonly file: string;
  /** From 1, columns in UTF-16 code units as editors count them. */
  readonly line: number;
  readonly column: number;
  /** The line, or the part of a very long one around the range; `start` and `length` say where the range lies in it. */
  readonly excerpt: { readonly text: string; readonly start: number; readonly length: number };
}

export type Report = (diagnostic: Diagnostic) => void;

const longestExcerpt = 240;

/** Where a place is, for people. A range over several lines is shown up to the end of its first. */
export function locate(place: Place): Location {
  const { line, start, end } = lineAt(place.source, place.start);
  const column = place.start - start;
  const from = end - start > longestExcerpt ? start + Math.max(0, column - longestExcerpt / 3) : start;
  const text = place.source.text.slice(from, Math.min(end, from + longestExcerpt));
  const length = Math.max(1, Math.min(place.end, end, from + longestExcerpt) - place.start);
  return {
    file: place.source.name,
    line: line + 1,
    column: column + 1,
    excerpt: { text, start: place.start - from, length },
  };
}

export function errorAt(place: Place, message: string, hint?: string): Diagnostic {
  return { severity: 'error', message, at: locate(place), ...(hint !== undefined && { hint }) };
}

export function warningAt(place: Place, message: string, hint?: string): Diagnostic {
  return { ...errorAt(place, message, hint), severity: 'warning' };
}

/** Sorted by file and position; of several with one message at one place, the first. */
export function tidy(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { file, line, column } = diagnostic.at;
    const identity = `${file}:${line}:${column}:${diagnostic.message}`;
    if (!seen.has(identity)) seen.set(identity, diagnostic);
  }
  return [...seen.values()].sort(
    (a, b) => compare(a.at.file, b.at.file) || a.at.line - b.at.line || a.at.column - b.at.column,
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const plain = (text: string) => text;
const paint = (code: string) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;

/** Each with its place, the source line, a caret under the range, and the hint; paths relative to `from`. */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: { readonly color: boolean; readonly from?: string },
): string {
  const bold = options.color ? paint('1') : plain;
  const dim = options.color ? paint('2') : plain;
  const loud = { error: options.color ? paint('1;31') : plain, warning: options.color ? paint('1;33') : plain };
  const blocks = diagnostics.map(({ severity, message, at, hint, related = [] }) => {
    const lines = [`${bold(position(at, options.from))}: ${loud[severity](severity)}: ${bold(message)}`];
    lines.push(...excerpt(at, dim, loud[severity]));
    for (const other of related) {
      lines.push(`${bold(position(other.at, options.from))}: ${other.message}`, ...excerpt(other.at, dim, plain));
    }
    if (hint !== undefined) lines.push(...hint.split('\n').map((line, i) => `  ${i === 0 ? '= ' : '  '}${line}`));
    return lines.join('\n');
  });
  return blocks.join('\n\n');
}

function position({ file, line, column }: Location, from = process.cwd()): string {
  const near = file.startsWith('/') ? relative(from, file) : file;
  return `${near.startsWith('../../') ? file : near}:${line}:${column}`;
}

/** The caret stands under the range as a terminal shows it: full-width characters take two columns, tabs stay tabs. */
function excerpt(at: Location, dim: (text: string) => string, loud: (text: string) => string): string[] {
  const { text, start, length } = at.excerpt;
  const gutter = String(at.line);
  const before = text
    .slice(0, start)
    .split('\t')
    .map((part) => ' '.repeat(stringWidth(part)))
    .join('\t');
  const carets = '^'.repeat(Math.max(1, stringWidth(text.slice(start, start + length))));
  return [`${dim(`  ${gutter} |`)} ${text}`, `${dim(`  ${' '.repeat(gutter.length)} |`)} ${before}${loud(carets)}`];
}
