/** A terminal's second screen: what was there before comes back when it is closed. */
export interface AlternateScreen {
  /** The terminal, for ink: each write is a whole frame, and only the lines that differ from the last are sent on. */
  readonly stdout: NodeJS.WriteStream;
  close(): void;
}

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const clear = '\u001b[2J';
const eraseToEnd = '\u001b[K';
/** Terminals that know these show what is between them at once. */
const beginUpdate = '\u001b[?2026h';
const endUpdate = '\u001b[?2026l';

export function alternateScreen(stdout: NodeJS.WriteStream): AlternateScreen {
  let shown: readonly string[] = [];
  const draw = (frame: string) => {
    const lines = frame.split('\n').slice(0, stdout.rows);
    const changed = lines.flatMap((line, row) => (line === shown[row] ? [] : [`${cursorTo(row)}${line}${eraseToEnd}`]));
    const surplus = shown.slice(lines.length).map((_, row) => `${cursorTo(lines.length + row)}${eraseToEnd}`);
    shown = lines;
    if (changed.length + surplus.length === 0) return true;
    return stdout.write([beginUpdate, ...changed, ...surplus, endUpdate].join(''));
  };
  const forget = () => {
    shown = [];
    stdout.write(clear);
  };
  const close = () => {
    process.off('exit', close);
    stdout.off('resize', forget);
    stdout.write(leave);
  };
  process.once('exit', close);
  stdout.prependListener('resize', forget);
  stdout.write(enter + clear);
  return { stdout: withWrite(stdout, draw), close };
}

function withWrite(stdout: NodeJS.WriteStream, write: (text: string) => boolean): NodeJS.WriteStream {
  return new Proxy(stdout, {
    get(target, name) {
      if (name === 'write') return write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function cursorTo(row: number): string {
  return `\u001b[${row + 1};1H`;
}
