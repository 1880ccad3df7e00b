/**
 * Entry point of the process that runs one attempt of a stage module; see `startStageProcess` for its other end. Without IPC, as in a job
 * of a cluster, its arguments name three files: the request to read, the events to append to, and the report to leave at the end.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { coalesce } from './coalesce.ts';
import { StageError } from './define.ts';
import type { Held } from './held.ts';
import { loadStage } from './load-stage.ts';
import type { ChildMessage, ParentMessage, StageRequest } from './messages.ts';
import { runStage } from './run-stage.ts';

const reportEveryMs = 250;

const aborted = new AbortController();
process.on('SIGTERM', () => aborted.abort(new StageError('was asked to stop')));
process.on('disconnect', () => {
  aborted.abort(new StageError('the engine is gone'));
  process.exit(1);
});
const [requestFile, eventsFile, reportFile] = process.argv.slice(2);
const report: { message?: string; cpuSeconds?: number; peakMemory?: number } = {};

const runRequest = async (message: ParentMessage) => {
  const failed = await runModule(message.module, message.request).then(
    () => false,
    (error: unknown) => {
      tell({ type: 'failed', message: explain(error) });
      return true;
    },
  );
  tell(usage(), () => process.exit(failed ? 1 : 0));
};
if (requestFile === undefined) process.once('message', runRequest);
else void runRequest(JSON.parse(readFileSync(requestFile, 'utf8')) as ParentMessage);

async function runModule(module: string, request: StageRequest): Promise<void> {
  const stage = await loadStage(module);
  const { flush, ...reports } = coalesce(tell, reportEveryMs);
  const log = (line: string) => void process.stdout.write(`${line}\n`);
  const warn = (line: string) => {
    log(line);
    tell({ type: 'warning', message: line });
  };
  const conclude = (text: string) => {
    log(text);
    tell({ type: 'conclusion', text });
  };
  const holds = (held: Held | undefined) => tell({ type: 'holds', ...(held && { held }) });
  try {
    await runStage(stage, request, { ...reports, log, warn, conclude, holds }, aborted.signal);
  } finally {
    flush();
  }
}

/** The sentence for people; an error that nobody expected leaves its stack in the log. */
function explain(error: unknown): string {
  if (error instanceof Error && error.name === 'StageError') {
    process.stderr.write(`${error.message}\n`);
    return error.message;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** CPU seconds of this process and its children, and the memory that it held at its most. */
function usage(): ChildMessage {
  const { user, system } = process.cpuUsage();
  return {
    type: 'usage',
    cpuSeconds: (user + system) / 1e6 + childrenCpuSeconds(),
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
}

function childrenCpuSeconds(): number {
  if (process.platform !== 'linux') return 0;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function tell(message: ChildMessage, sent: () => void = () => {}): void {
  if (process.send && process.connected) {
    process.send(message, undefined, undefined, sent);
    return;
  }
  if (eventsFile !== undefined && reportFile !== undefined) write(message, eventsFile, reportFile);
  sent();
}

function write(message: ChildMessage, events: string, reports: string): void {
  if (message.type === 'failed') report.message = message.message;
  else if (message.type !== 'usage') appendFileSync(events, `${JSON.stringify(message)}\n`);
  else {
    const { cpuSeconds, peakMemory } = message;
    writeFileSync(reports, JSON.stringify({ ...report, cpuSeconds, peakMemory }));
  }
}
