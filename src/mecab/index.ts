export { type Dictionary, loadDictionary } from './dictionary.ts';
export { DictionaryError } from './dictionary-error.ts';
export { extractEmbeddedIpadic } from './embedded.ts';
export { createTagger, type Tagger, tokenizeText } from './tagger.ts';
