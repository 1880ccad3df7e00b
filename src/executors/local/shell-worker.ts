import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { shellQuote } from '../../shell-quote.ts';

/**
 * A bash process that runs one script after another, each in a process group of its own. Forking from this small process
 * keeps the cost off the engine's thread, and ends what runs when the engine dies: a helper reads from descriptor 3, which
 * only the engine holds open, and then makes the worker kill its script's group. That pipe closes however the engine ends,
 * and the group is known to the worker from the fork on, so there is no moment at which a script could be left behind.
 *
 * Records arrive on standard input: their length on a line, then a call of `run LOG COMMAND NAME=VALUE…`. Told the length, bash reads
 * a record at once; up to a delimiter it would read from a pipe byte by byte. Answers go to descriptor 4: the command's process id, which
 * the fork tells before it does anything, so that what has begun is known even if it kills the worker; then, when it has ended, its exit
 * status and its user and system seconds.
 */
const program = `
exec 4>&1 >/dev/null 2>/dev/null
trap 'kill -KILL -- "-$!"; exit' TERM
{ read -r <&3; kill -TERM $$; } </dev/null 4>&- &
watcher=$!
set -m
run() {
  { time {
    (
      echo "$BASHPID" >&4
      exec </dev/null >>"$1" 2>&1 3>&- 4>&-
      (($# == 2)) || export "\${@:3}"
      unset OLDPWD
      eval "exec $2"
    ) &
    wait "$!"
    TIMEFORMAT="$? %U %S"
  } 2>/dev/null; } 2>&4
}
while read -r length && IFS= read -r -N "$length" record; do eval "$record"; done
kill -KILL "$watcher"
`;

export interface ShellEnd {
  readonly status: number;
  readonly cpuSeconds: number;
}

export interface ShellWorker {
  /** Starts a command and resolves with its process id; `end` rejects only if the worker itself died. Rejects if it had died before: nothing has begun then. */
  run(command: ShellCommand): Promise<{ readonly pid: number; readonly end: Promise<ShellEnd> }>;
  /** Whether an environment can be given to a command: the worker can change what it has itself, but not take it away. */
  suits(env: Environment): boolean;
  close(): void;
}

export interface ShellCommand {
  /** What the forked shell becomes: one command in bash's syntax, with redirections perhaps. */
  readonly command: string;
  /** Standard output and error are appended to it. */
  readonly log: string;
  readonly env: Environment;
}

type Environment = Readonly<Record<string, string>>;

/** What nearly every command has in common: given once, since bash spends time on each change of a locale or path. */
const common = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

export function startShellWorker(cwd: string, env: Environment): ShellWorker {
  const own = Object.fromEntries(common.flatMap((name) => (name in env ? [[name, env[name]!]] : [])));
  const worker = spawn('bash', ['--norc', '-c', program], {
    cwd,
    env: own,
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  });
  const answers = readAnswers(worker);
  const pipes = [worker.stdin, worker.stdout, worker.stdio[3]] as Socket[];
  for (const pipe of pipes) pipe.on('error', () => {});
  worker.on('exit', () => pipes[2]?.destroy());
  // An idle worker does not keep this process from ending; it ends with it.
  const hold = (how: 'ref' | 'unref') => {
    for (const handle of [worker, ...pipes]) handle[how]();
  };
  return {
    suits: (wanted) => Object.keys(own).every((name) => name in wanted),
    async run({ command, log, env }) {
      const changes = Object.entries(env).filter(([name, value]) => own[name] !== value);
      const given = [log, command, ...changes.map(([name, value]) => `${name}=${value}`)];
      const record = `run ${given.map(asciiQuote).join(' ')}`;
      hold('ref');
      worker.stdin?.write(`${record.length}\n${record}`);
      const pid = Number(await answers.next());
      const end = answers.next().then(parseEnd);
      return { pid, end: end.finally(() => hold('unref')) };
    },
    close() {
      worker.stdin?.end();
    },
  };
}

/** As `shellQuote`, in ASCII: then a record has as many characters as bytes, whatever locale the worker counts them in. */
function asciiQuote(word: string): string {
  if (!notAscii.test(word)) return shellQuote(word);
  const bytes = Array.from(Buffer.from(word), (byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return `$'${bytes.join('')}'`;
}

const notAscii = /[^\0-\x7f]/;

function parseEnd(answer: string): ShellEnd {
  const [status, user, system] = answer.split(' ').map(Number);
  return { status: status ?? 1, cpuSeconds: (user ?? 0) + (system ?? 0) };
}

/** The worker's answers, a line each, in order. */
function readAnswers(worker: ChildProcess): { next(): Promise<string> } {
  const lines: string[] = [];
  let rest = '';
  let waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  (worker.stdout as Readable).setEncoding('latin1').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    if (waiting && lines.length > 0) {
      waiting.resolve(lines.shift() as string);
      waiting = undefined;
    }
  });
  const fail = (error: Error) => {
    failure = error;
    waiting?.reject(error);
    waiting = undefined;
  };
  worker.on('error', fail);
  // Not 'close', which waits for every pipe: the helper still holds its end of descriptor 3.
  worker.stdout?.on('close', () => fail(new Error('the shell that runs scripts was killed')));
  return {
    next() {
      const line = lines.shift();
      if (line !== undefined) return Promise.resolve(line);
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
  };
}
