/** What instance making needs to know of a vocabulary. */
export interface SpecialIds {
  /** All ids are below this. */
  readonly vocabularySize: number;
  readonly unk: number;
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
  /** Id of each distinct word of the vocabulary, in the order of first lines: what a random replacement is drawn from. */
  readonly randomIds: Uint32Array;
}
