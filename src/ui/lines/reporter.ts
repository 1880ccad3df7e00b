import type { RunEvent } from '../../run/events.ts';

/** Something that tells of a run as its events come. */
export interface Reporter {
  report(event: RunEvent): void;
}

export interface Output {
  write(text: string): unknown;
}
