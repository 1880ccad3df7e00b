import type { TextEncoder } from './text-encoder.ts';

/** What the model sees of one text or pair, without padding: [CLS] first [SEP], then second [SEP] as the other type. */
export interface Sequence {
  readonly ids: readonly number[];
  /** Type 0 up to here, 1 from here on. */
  readonly firstLength: number;
}

/** Truncated to `longest` tokens: the longer of the two texts loses its last token, the second one at a tie, until they fit. */
export function encodeSequence(
  encoder: TextEncoder,
  first: string,
  second: string | undefined,
  longest: number,
): Sequence {
  const a = encoder.encode(first);
  const b = second === undefined ? undefined : encoder.encode(second);
  let excess = a.length + (b?.length ?? 0) + (b === undefined ? 2 : 3) - longest;
  for (; excess > 0; excess--) {
    if (b === undefined || a.length > b.length) a.pop();
    else b.pop();
  }
  return joined(encoder, a, b);
}

export function joined({ cls, sep }: TextEncoder, a: readonly number[], b: readonly number[] | undefined): Sequence {
  return { ids: [cls, ...a, sep, ...(b === undefined ? [] : [...b, sep])], firstLength: a.length + 2 };
}
