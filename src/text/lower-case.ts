import { asInUnicode } from './unicode-version.ts';

// Unicode's Final_Sigma. Two characters changed their category after version 14: ʕ was cased, U+1171E a mark to skip.
const finalSigma = /(?<=[\p{Cased}ʕ][\p{Case_Ignorable}\u{1171e}]*)Σ(?![\p{Case_Ignorable}\u{1171e}]*[\p{Cased}ʕ])/gu;

/** `str.lower` of each character by itself: Σ has no neighbours and is always σ. */
export const lowerCaseEach = asInUnicode(14, (text) => text.replaceAll('Σ', 'σ').toLowerCase());

/** CPython 3.11's `str.lower`: full mappings, Σ at the end of a word becomes ς. */
export const lowerCase = asInUnicode(14, (text) =>
  text.includes('Σ') ? lowerCaseEach(text.replace(finalSigma, 'ς')) : text.toLowerCase(),
);
