/** `helper NAME ARGS…` in a stage of a test: connects to the test's socket and does as it is told. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

export type HelperOrder =
  | { readonly type: 'print'; readonly text: string }
  | { readonly type: 'write'; readonly path: string; readonly text: string }
  | { readonly type: 'leave-child' }
  | { readonly type: 'exit'; readonly code: number };

export type HelperReport =
  | { readonly type: 'here'; readonly name: string; readonly pid: number; readonly args: readonly string[] }
  | { readonly type: 'done'; readonly pid: number }
  | { readonly type: 'signal'; readonly signal: string };

const [socketPath = '', name = '', ...args] = process.argv.slice(2);
const socket = connect(socketPath);
const report = (event: HelperReport) => socket.write(`${JSON.stringify(event)}\n`);

/** Pid of what the order left behind, else its own. */
function obey(order: HelperOrder): number {
  if (order.type === 'print') process.stdout.write(order.text);
  if (order.type === 'write') writeFileSync(order.path, order.text);
  if (order.type === 'exit') process.exit(order.code);
  if (order.type === 'leave-child') return spawn('sleep', ['1000'], { stdio: 'ignore' }).pid ?? process.pid;
  return process.pid;
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => report({ type: 'signal', signal }));
}
createInterface(socket).on('line', (line) => report({ type: 'done', pid: obey(JSON.parse(line) as HelperOrder) }));
socket.on('close', () => process.exit(0));
report({ type: 'here', name, pid: process.pid, args });
