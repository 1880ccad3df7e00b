/** Something outside of the store that outlives the process that made it, such as a rented machine. */
export interface Held {
  /** Names it: TPU VM kumiki-0a1b2c. */
  readonly what: string;
  /** A clause that says how a person ends it, and why: it costs money until `kumiki tpu delete …`. */
  readonly remedy: string;
  /**
   * It works on without the process, and the next attempt takes it up: if the process is killed or left; or even if it is asked to stop.
   */
  readonly goesOn?: 'if-left' | 'always';
}

/** What to say of it once its process is gone. */
export function leftBehind({ what, remedy, goesOn }: Held): string {
  const state = goesOn ? 'goes on, and the next run takes it up' : 'may be left behind';
  return `${what} ${state}; ${remedy}`;
}
