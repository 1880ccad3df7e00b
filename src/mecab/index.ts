export { type Dictionary, loadDictionary } from './dictionary.ts';
export { extractEmbeddedIpadic } from './embedded.ts';
export { DictionaryError } from './format/dictionary-error.ts';
export { findSureWords, type SureWords, sureWordFlags } from './sure-words.ts';
export { readSurfaces } from './surfaces.ts';
export { createTagger, type Tagger, tokenizeText } from './tagger.ts';
