/** How far moving results to or from a remote is. */
export interface Movement {
  /** Results that are done with, whether they had to move or not, of so many. */
  readonly results: number;
  readonly of: number;
  /** Bytes that moved, and that are to move in all as far as sizes are known; what turns out to be there already is taken off. */
  readonly bytes: number;
  readonly ofBytes?: number;
  /** That something was under way. */
  readonly seconds: number;
}

/** One result on its way. */
export interface Moving {
  /** Its size, where that was not known from the beginning. */
  expect(bytes: number): void;
  onBytes(bytes: number): void;
  end(): void;
}

export interface MovementMeter {
  /** From now on a result is under way, or about to be. */
  begin(expectedBytes?: number): Moving;
  now(): Movement;
}

/** Measures many results that move side by side; `onChange` is called with each step, however small. */
export function measureMovement(onChange: () => void = () => {}): MovementMeter {
  let [results, of, bytes, expected, sized] = [0, 0, 0, 0, 0];
  let activeMs = 0;
  let activeSince = 0;
  const isActive = () => results < of;

  return {
    begin(size) {
      if (!isActive()) activeSince = performance.now();
      of++;
      let own = 0;
      let ownExpected: number | undefined;
      const expect = (size: number) => {
        if (ownExpected === undefined) sized++;
        expected += size - (ownExpected ?? 0);
        ownExpected = size;
      };
      if (size !== undefined) expect(size);
      return {
        expect,
        onBytes(more) {
          own += more;
          bytes += more;
          onChange();
        },
        end() {
          expect(own);
          results++;
          if (!isActive()) activeMs += performance.now() - activeSince;
          onChange();
        },
      };
    },
    now() {
      const ms = activeMs + (isActive() ? performance.now() - activeSince : 0);
      // What is not known yet is taken to be as large as the others.
      const ofBytes = sized === 0 ? undefined : Math.round((expected / sized) * of);
      return { results, of, bytes, seconds: ms / 1000, ...(ofBytes !== undefined && { ofBytes }) };
    },
  };
}
