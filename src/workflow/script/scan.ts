/**
 * Where the expressions of a bash script stand: a word that is quoted by itself is only safe where bash reads words.
 * Follows bash's quoting as far as that takes (quotes, $( ), ${ }, $(( )), backticks, comments, here-documents);
 * where it errs, it errs by refusing.
 */

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type Surroundings =
  | 'word'
  | 'comment'
  | 'single quotes'
  | 'double quotes'
  | 'backticks'
  | 'here-document'
  | 'parameter expansion'
  | 'arithmetic'
  | 'escape';

export interface FoundExpression extends Span {
  readonly within: Surroundings;
  /** Text touches it, so that it is only part of a word. */
  readonly attached: boolean;
  /** Of one in quotes: the whole quoted text. */
  readonly quoted?: Span;
}

/** A word without expansions, quotes removed. */
interface PlainWord extends Span {
  readonly text: string;
}

export interface ScannedScript {
  readonly expressions: readonly FoundExpression[];
  readonly words: readonly PlainWord[];
}

type Frame = 'paren' | 'brace' | 'double' | 'backtick' | 'arithmetic';

const boundary = /[\s;&|()<>]/;

/** `spans`: the `${{ }}` of the script, in order. */
export function scanScript(script: string, spans: readonly Span[]): ScannedScript {
  const expressions: FoundExpression[] = [];
  const words: PlainWord[] = [];
  const frames: Frame[] = [];
  const opened: number[] = [];
  const heredocs: { delimiter: string; indented: boolean }[] = [];
  let at = 0;
  let next = 0;
  let word: { start: number; text: string; plain: boolean } | undefined;

  const top = () => frames.at(-1);
  const readsWords = () => top() === undefined || top() === 'paren' || top() === 'backtick';
  /** In `"${x:-it's}"` the apostrophe is one. */
  const insideDouble = () => frames.slice(frames.lastIndexOf('paren') + 1).includes('double');
  const push = (frame: Frame, length: number) => {
    frames.push(frame);
    opened.push(at);
    at += length;
  };
  const pop = () => {
    frames.pop();
    opened.pop();
  };
  const endWord = () => {
    if (word?.plain && word.text !== '') words.push({ text: word.text, start: word.start, end: at });
    word = undefined;
  };
  const addToWord = (text: string, plain = true) => {
    word ??= { start: at, text: '', plain: true };
    word.text += text;
    if (!plain) word.plain = false;
  };
  const skipTo = (end: number, within: Surroundings, quoted?: Span) => {
    for (let span = spans[next]; span && span.start < end; span = spans[++next]) {
      expressions.push({ ...span, within, attached: false, ...(quoted && { quoted }) });
    }
    at = end;
  };

  const takeExpression = (span: Span) => {
    next++;
    const before = script[span.start - 1];
    const after = script[span.end];
    const touches = (character: string | undefined) => character !== undefined && !boundary.test(character);
    const attached = touches(before) || touches(after);
    const within = surroundings(before);
    const quoted =
      within === 'double quotes' ? { start: opened.at(-1)!, end: closingDouble(script, span.end) } : undefined;
    expressions.push({ ...span, within, attached, ...(quoted && { quoted }) });
    addToWord('', false);
    at = span.end;
  };
  const surroundings = (before: string | undefined): Surroundings => {
    if (frames.includes('backtick')) return 'backticks';
    if (top() === 'double') return 'double quotes';
    if (top() === 'brace') return 'parameter expansion';
    if (top() === 'arithmetic') return 'arithmetic';
    return before === '\\' || before === '$' ? 'escape' : 'word';
  };

  const takeHeredocs = () => {
    for (const { delimiter, indented } of heredocs.splice(0)) {
      let line = at;
      let end = script.length;
      while (line < script.length) {
        const newline = script.indexOf('\n', line);
        const lineEnd = newline === -1 ? script.length : newline;
        const text = script.slice(line, lineEnd);
        end = Math.min(script.length, lineEnd + 1);
        if ((indented ? text.replace(/^\t+/, '') : text) === delimiter) break;
        line = lineEnd + 1;
      }
      skipTo(end, 'here-document');
    }
  };

  const takeSingleQuoted = (ansi: boolean) => {
    const start = at;
    let end = at + (ansi ? 2 : 1);
    const skipped = (offset: number) => spans.find((span) => span.start === offset);
    while (end < script.length && script[end] !== "'") {
      const span = skipped(end);
      if (span) end = span.end;
      else end += ansi && script[end] === '\\' ? 2 : 1;
    }
    end = Math.min(script.length, end + 1);
    addToWord(script.slice(start + 1, end - 1), !ansi);
    skipTo(end, 'single quotes', { start, end });
  };

  /** Openings that mean the same wherever expansions happen. */
  const takeExpansion = (): boolean => {
    if (script.startsWith('$((', at)) push('arithmetic', 3);
    else if (script.startsWith('$(', at)) push('paren', 2);
    else if (script.startsWith('${', at)) push('brace', 2);
    else if (script[at] === '`' && top() === 'backtick') {
      pop();
      at++;
    } else if (script[at] === '`') push('backtick', 1);
    else if (script[at] === '$') at++;
    else return false;
    return true;
  };

  while (at < script.length) {
    const span = spans[next];
    if (span && span.start === at) {
      takeExpression(span);
      continue;
    }
    const character = script[at]!;
    if (character === '\\') {
      addToWord(script[at + 1] ?? '', script[at + 1] !== '\n');
      at += spans[next]?.start === at + 1 ? 1 : 2;
    } else if (top() === 'double') {
      if (character === '"') {
        pop();
        at++;
      } else if (takeExpansion()) addToWord('', false);
      else {
        addToWord(character);
        at++;
      }
    } else if (character === "'" && !insideDouble()) takeSingleQuoted(false);
    else if (script.startsWith("$'", at) && !insideDouble()) takeSingleQuoted(true);
    else if (script.startsWith('$"', at) || character === '"') {
      addToWord('');
      push('double', character === '"' ? 1 : 2);
    } else if (top() === 'brace') {
      if (character === '}') {
        pop();
        at++;
      } else if (!takeExpansion()) at++;
    } else if (top() === 'arithmetic') {
      if (script.startsWith('))', at)) {
        pop();
        at += 2;
      } else if (!takeExpansion()) at++;
    } else if (takeExpansionOutside()) addToWord('', false);
    else takeOutside(character);
  }
  endWord();
  return { expressions, words };

  function takeExpansionOutside(): boolean {
    return (script[at] === '$' || script[at] === '`') && takeExpansion();
  }

  function takeOutside(character: string): void {
    const startsWord = at === 0 || boundary.test(script[at - 1]!) || script[at - 1] === '`';
    if (character === '#' && startsWord && readsWords()) {
      const newline = script.indexOf('\n', at);
      skipTo(newline === -1 ? script.length : newline, 'comment');
      return;
    }
    if (!boundary.test(character)) {
      addToWord(character, !/[*?[\]{}~]/.test(character));
      at++;
      return;
    }
    endWord();
    if (script.startsWith('((', at) && startsWord) push('arithmetic', 2);
    else if (character === '(') push('paren', 1);
    else if (character === ')') {
      if (top() === 'paren') pop();
      at++;
    } else if (script.startsWith('<<', at) && !script.startsWith('<<<', at)) takeHeredocStart();
    else if (script.startsWith('<<<', at)) at += 3;
    else {
      at++;
      if (character === '\n' && heredocs.length > 0) takeHeredocs();
    }
  }

  function takeHeredocStart(): void {
    const match = /^<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|(\\?[^\s;&|()<>'"]+))/.exec(script.slice(at, at + 200));
    if (!match) {
      at += 2;
      return;
    }
    const delimiter = match[2] ?? match[3] ?? match[4]!.replace(/^\\/, '');
    heredocs.push({ delimiter, indented: match[1] === '-' });
    at += match[0].length;
  }
}

function closingDouble(script: string, from: number): number {
  for (let at = from; at < script.length; at++) {
    if (script[at] === '\\') at++;
    else if (script[at] === '"') return at + 1;
  }
  return script.length;
}
