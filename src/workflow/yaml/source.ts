/** A text that diagnostics point into: a file, or an argument of the command line. */
export interface SourceText {
  /** Absolute path of the file, or what stands in its place, such as `--set`. */
  readonly name: string;
  readonly text: string;
}

/** A range of a text, in UTF-16 code units. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

const lineStartsOf = new WeakMap<SourceText, readonly number[]>();

function lineStarts(source: SourceText): readonly number[] {
  const known = lineStartsOf.get(source);
  if (known) return known;
  const starts = [0];
  for (let at = source.text.indexOf('\n'); at !== -1; at = source.text.indexOf('\n', at + 1)) starts.push(at + 1);
  lineStartsOf.set(source, starts);
  return starts;
}

/** Zero-based line of an offset, and the offsets where that line starts and ends (without its line break). */
export function lineAt(source: SourceText, offset: number): { line: number; start: number; end: number } {
  const starts = lineStarts(source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  const next = starts[low + 1];
  const end = next === undefined ? source.text.length : next - 1;
  const start = starts[low]!;
  return { line: low, start, end: end > start && source.text[end - 1] === '\r' ? end - 1 : end };
}
