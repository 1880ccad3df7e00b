import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export type Order = { readonly write: string; readonly text: string } | { readonly exit: number };

export interface Puppet {
  readonly pid: number;
  write(file: string, text: string): Promise<void>;
  exit(code: number): void;
  /** Resolves when it was sent SIGTERM. */
  readonly terminated: Promise<void>;
  /** Resolves when its process is gone. */
  readonly gone: Promise<void>;
}

export interface Puppets {
  /** Words of a shell command that becomes the puppet of a name. */
  command(name: string): string;
  /** The next puppet of that name, once it has come. */
  next(name: string): Promise<Puppet>;
}

const program = fileURLToPath(new URL('./puppet.js', import.meta.url));

/** Opens the socket that puppets connect to; it closes with the test. */
export async function openPuppets(t: TestContext, directory: string): Promise<Puppets> {
  const path = join(directory, 'puppets.sock');
  const come = new Map<string, Puppet[]>();
  const awaited = new Map<string, ((puppet: Puppet) => void)[]>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    greet(socket, (name, puppet) => {
      const waiting = awaited.get(name)?.shift();
      if (waiting) waiting(puppet);
      else come.set(name, [...(come.get(name) ?? []), puppet]);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    command: (name) => `'${process.execPath}' '${program}' '${path}' ${name}`,
    next(name) {
      const there = come.get(name)?.shift();
      if (there) return Promise.resolve(there);
      return new Promise((resolve) => awaited.set(name, [...(awaited.get(name) ?? []), resolve]));
    },
  };
}

function greet(socket: Socket, arrive: (name: string, puppet: Puppet) => void): void {
  const done: (() => void)[] = [];
  let terminate: () => void = () => {};
  const terminated = new Promise<void>((resolve) => {
    terminate = resolve;
  });
  const gone = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  const send = (order: Order) => void socket.write(`${JSON.stringify(order)}\n`);
  socket.on('error', () => {});
  createInterface(socket).on('line', (line) => {
    const message = JSON.parse(line) as { name?: string; pid?: number; signal?: string; done?: true };
    if (message.signal) terminate();
    if (message.done) done.shift()?.();
    if (message.name === undefined) return;
    arrive(message.name, {
      pid: message.pid!,
      terminated,
      gone,
      exit: (code) => send({ exit: code }),
      write(file, text) {
        send({ write: file, text });
        return new Promise((resolve) => done.push(resolve));
      },
    });
  });
}
