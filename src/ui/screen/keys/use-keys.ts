import { useInput } from 'ink';
import { useEffectEvent } from 'react';

export type Command =
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'fold' | 'unfold' | 'toggle' | 'next-failed' | 'log' | 'help' | 'back' }
  | { readonly type: 'retry' | 'cancel' | 'yes' | 'no' | 'leave' | 'interrupt' };

/** Turns keys into commands. `page` is how far a page goes; a question takes `y` or anything else. */
export function useKeys(page: number, asking: boolean, run: (command: Command) => void): void {
  // A key right behind another must meet what that one changed, before ink has subscribed anew.
  const press = useEffectEvent((input: string, key: Key) => {
    const named = namedCommand(input, key, page);
    if (named?.type === 'interrupt') run(named);
    else if (asking) run({ type: input === 'y' ? 'yes' : 'no' });
    else if (named) run(named);
    else for (const letter of input) if (letters[letter]) run(letters[letter]);
  });
  useInput((input, key) => press(input, key));
}

type Key = Parameters<Parameters<typeof useInput>[0]>[1];

const far = Number.MAX_SAFE_INTEGER;

const letters: Readonly<Record<string, Command>> = {
  j: { type: 'move', by: 1 },
  k: { type: 'move', by: -1 },
  g: { type: 'move', by: -far },
  G: { type: 'move', by: far },
  ' ': { type: 'toggle' },
  l: { type: 'log' },
  f: { type: 'next-failed' },
  r: { type: 'retry' },
  c: { type: 'cancel' },
  q: { type: 'leave' },
  '?': { type: 'help' },
};

function namedCommand(input: string, key: Key, page: number): Command | undefined {
  if (key.ctrl && input === 'c') return { type: 'interrupt' };
  if (key.upArrow) return { type: 'move', by: -1 };
  if (key.downArrow) return { type: 'move', by: 1 };
  if (key.pageUp || (key.ctrl && input === 'u')) return { type: 'move', by: -page };
  if (key.pageDown || (key.ctrl && input === 'd')) return { type: 'move', by: page };
  if (key.home) return { type: 'move', by: -far };
  if (key.end) return { type: 'move', by: far };
  if (key.return) return { type: 'toggle' };
  if (key.tab) return { type: 'log' };
  if (key.escape) return { type: 'back' };
  if (key.leftArrow) return { type: 'fold' };
  return key.rightArrow ? { type: 'unfold' } : undefined;
}
