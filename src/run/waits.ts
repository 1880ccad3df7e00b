/** What a run waits for besides its stages: an interrupted one says so. */

/** What ends sooner is not worth a word. */
const tellAfterMs = 1_000;

export interface Waits {
  /** `what` is for people: it follows "waits for". */
  during<T>(what: string, action: Promise<T>): Promise<T>;
  /** From now on what takes long is told, each once. */
  tell(): void;
  end(): void;
}

export function createWaits(told: (what: string) => void): Waits {
  const goingOn = new Set<string>();
  const known = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    for (const what of goingOn) {
      if (known.has(what)) continue;
      known.add(what);
      told(what);
    }
  };
  return {
    async during(what, action) {
      goingOn.add(what);
      try {
        return await action;
      } finally {
        goingOn.delete(what);
      }
    },
    tell() {
      timer ??= setInterval(look, tellAfterMs);
    },
    end() {
      clearInterval(timer);
    },
  };
}
