import { asInUnicode } from './unicode-version.ts';

/** NFKC as CPython 3.11's `unicodedata.normalize` gives it. */
export const nfkc = asInUnicode(14, (text) => text.normalize('NFKC'));

/** NFKC as Hugging Face tokenizers 0.13 gives it. */
export const nfkcOfTokenizers = asInUnicode(9, (text) => text.normalize('NFKC'));
