import type { Output, Reporter } from './reporter.ts';

/**
 * The events as they are, one JSON object a line (NDJSON): what `--json` prints, and what `events.jsonl` holds.
 * The first line is `run-started`; its `format` is `eventFormat` of `src/run/events.ts`, where each event is described.
 */
export function jsonReporter(output: Output): Reporter {
  return { report: (event) => output.write(`${JSON.stringify(event)}\n`) };
}
