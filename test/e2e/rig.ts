/** A workspace in a temporary folder, the real CLI run in it, and programs in its stages that do what the test tells them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { HelperOrder, HelperReport } from './helper.ts';

export const cli = join(import.meta.dirname, '../../cli/main.js');

export interface Finished {
  /** Exit code, or the signal that ended it. */
  readonly exit: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once what it printed so far, on either stream, matches; rejects if it ends without. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A `helper NAME` in a stage's script: it is there, and waits for orders. */
export interface Helper {
  readonly name: string;
  readonly pid: number;
  readonly args: readonly string[];
  /** Orders are done one after another; each resolves when it is done. */
  print(text: string): Promise<void>;
  write(path: string, text: string): Promise<void>;
  /** Leaves a child that sleeps in the same process group, and resolves to its pid. */
  leaveChild(): Promise<number>;
  exit(code?: number): void;
  /** Resolves with the name of the next signal that reaches it; it lives on. */
  signalled(): Promise<string>;
  /** Resolves when the process is gone, for whatever reason. */
  readonly gone: Promise<void>;
}

export class Workspace implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'kumiki-e2e-'));
  readonly root = join(this.folder, 'workspace');
  readonly #home = join(this.folder, 'home');
  readonly #bin = join(this.folder, 'bin');
  readonly #running = new Set<ChildProcess>();
  readonly #arrived = new Map<string, Helper[]>();
  readonly #awaited = new Map<string, ((helper: Helper) => void)[]>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#greet(socket));

  /** `files`: contents by path below the root; what is not a string is written as JSON, which is YAML too. */
  constructor(files: Readonly<Record<string, unknown>> = {}) {
    for (const folder of [join(this.root, '.git'), this.#home, this.#bin]) mkdirSync(folder, { recursive: true });
    const socket = join(this.folder, 'socket');
    this.#server.listen(socket);
    const program = join(this.#bin, 'helper');
    const script = join(import.meta.dirname, 'helper.js');
    writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${socket}' "$@"\n`);
    chmodSync(program, 0o755);
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  write(path: string, content: unknown): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(this.path(path));
  }

  /** Runs the CLI to its end. */
  kumiki(args: readonly string[], options?: CliOptions): Promise<Finished> {
    return this.start(args, options).finished;
  }

  /** Starts the CLI without a terminal, in a clean environment. */
  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    return this.#spawn(process.execPath, [cli, ...args], options);
  }

  /** Starts the CLI on a terminal of its own; what is written to the child's standard input are keys. */
  startOnTerminal(args: readonly string[], options: CliOptions = {}): RunningCli {
    const command = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ');
    const sized = `stty cols 100 rows 30; exec ${command}`;
    return this.#spawn('script', ['-qfec', sized, '/dev/null'], { ...options, env: { TERM: 'xterm', ...options.env } });
  }

  /** The next `helper NAME` that a stage starts, or has started and nobody has asked for yet. */
  helper(name: string): Promise<Helper> {
    const helper = this.#arrived.get(name)?.shift();
    if (helper) return Promise.resolve(helper);
    return new Promise((resolve) => {
      const waiting = this.#awaited.get(name) ?? [];
      this.#awaited.set(name, [...waiting, resolve]);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = [...this.#running].map((child) => once(child, 'close'));
    for (const child of this.#running) child.kill('SIGKILL');
    await Promise.all(ended);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    // What outlived its parent may still be writing: only the asynchronous one looks again at what is there.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  #spawn(program: string, args: readonly string[], { cwd = this.root, env = {} }: CliOptions): RunningCli {
    const child = spawn(program, args, {
      cwd,
      env: { PATH: `${this.#bin}:${process.env.PATH}`, HOME: this.#home, TMPDIR: tmpdir(), LANG: 'C.UTF-8', ...env },
    });
    this.#running.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const finished = once(child, 'close').then(([code, signal]): Finished => {
      this.#running.delete(child);
      return { exit: code ?? signal, stdout, stderr };
    });
    const printed = (pattern: RegExp) =>
      new Promise<RegExpMatchArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(stdout) ?? pattern.exec(stderr);
          if (match) resolve(match);
        };
        look();
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        finished.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)));
      });
    return { child, finished, printed };
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket);
    const lines = createInterface(socket);
    const replies: ((pid: number) => void)[] = [];
    const signals: string[] = [];
    const listeners: ((signal: string) => void)[] = [];
    const gone = once(socket, 'close').then(() => {});
    socket.on('error', () => {});
    const order = (request: HelperOrder) =>
      new Promise<number>((resolve) => {
        replies.push(resolve);
        socket.write(`${JSON.stringify(request)}\n`);
      });
    lines.on('line', (line) => {
      const report = JSON.parse(line) as HelperReport;
      if (report.type === 'done') replies.shift()?.(report.pid);
      if (report.type === 'signal') (listeners.shift() ?? ((signal) => signals.push(signal)))(report.signal);
      if (report.type !== 'here') return;
      const { name, pid, args } = report;
      this.#arrive({
        name,
        pid,
        args,
        gone,
        print: async (text) => void (await order({ type: 'print', text })),
        write: async (path, text) => void (await order({ type: 'write', path, text })),
        leaveChild: () => order({ type: 'leave-child' }),
        exit: (code = 0) => void order({ type: 'exit', code }),
        signalled: () => {
          const signal = signals.shift();
          return signal ? Promise.resolve(signal) : new Promise((resolve) => listeners.push(resolve));
        },
      });
    });
  }

  #arrive(helper: Helper): void {
    const waiting = this.#awaited.get(helper.name)?.shift();
    if (waiting) waiting(helper);
    else this.#arrived.set(helper.name, [...(this.#arrived.get(helper.name) ?? []), helper]);
  }
}
