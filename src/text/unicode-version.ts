import { unicodeAges } from './unicode-ages.ts';

/** 14: CPython 3.11's. 9: that of Hugging Face tokenizers' normalisation. */
export type UnicodeVersion = keyof typeof unicodeAges;

/**
 * The rule as a runtime with an older Unicode applies it: characters that it lacks stay as they are. Such a character
 * is a starter without case or decomposition there, so what stands on either side of it is independent.
 */
export function asInUnicode(version: UnicodeVersion, rule: (text: string) => string): (text: string) => string {
  const lacks = absentFrom(version);
  return (text) => {
    let result = '';
    let begin = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      const width = code > 0xffff ? 2 : 1;
      if (lacks(code)) {
        result += rule(text.slice(begin, i)) + text.slice(i, i + width);
        begin = i + width;
      }
      i += width - 1;
    }
    return begin === 0 ? rule(text) : result + rule(text.slice(begin));
  };
}

/** Whether a version of Unicode assigns nothing to a code point. Noncharacters and surrogates count as assigned. */
export function absentFrom(version: UnicodeVersion): (code: number) => boolean {
  const bits = absentBits(version);
  return (code) => ((bits[code >> 3]! >> (code & 7)) & 1) === 1;
}

const known = new Map<UnicodeVersion, Uint8Array>();

function absentBits(version: UnicodeVersion): Uint8Array {
  let bits = known.get(version);
  if (!bits) {
    bits = new Uint8Array(0x110000 / 8);
    const steps = unicodeAges[version].trim().split(/\s+/);
    let code = 0;
    for (let i = 0; i < steps.length; i++) {
      const next = code + Number.parseInt(steps[i]!, 16);
      if (i % 2 === 1) for (let c = code; c < next; c++) bits[c >> 3]! |= 1 << (c & 7);
      code = next;
    }
    if (steps.length % 2 === 1) for (let c = code; c < 0x110000; c++) bits[c >> 3]! |= 1 << (c & 7);
    known.set(version, bits);
  }
  return bits;
}
