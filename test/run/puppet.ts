/** A program that does only what a test tells it: it connects to the test's socket, says its name, and obeys. */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Order } from './puppets.ts';

const [socket = '', name = ''] = process.argv.slice(2);
const stage = connect(socket);
stage.write(`${JSON.stringify({ name, pid: process.pid })}\n`);
process.on('SIGTERM', () => stage.write(`${JSON.stringify({ signal: 'SIGTERM' })}\n`));
for await (const line of createInterface(stage)) {
  const order = JSON.parse(line) as Order;
  if ('write' in order) writeFileSync(order.write, order.text);
  else process.exit(order.exit);
  stage.write(`${JSON.stringify({ done: true })}\n`);
}
