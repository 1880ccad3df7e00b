import type { DictionarySource } from './write-dictionary.ts';

/** A dictionary of a few words, with each kind of category of unknown words. */
export const smallDictionary: DictionarySource = {
  ids: 4,
  cost: (rightId, leftId) => (rightId === leftId ? -50 : 10 * rightId + leftId),
  words: [
    ['猫', 1, 1, 100, 'noun,cat'],
    ['猫', 2, 2, 300, 'name,cat'],
    ['猫背', 1, 1, 150, 'noun,stoop'],
    ['背', 1, 1, 120, 'noun,back'],
    ['が', 3, 3, 10, 'particle,ga'],
    ['a b', 1, 1, -900, 'noun,spaced'],
  ],
  categories: {
    DEFAULT: { length: 1, words: [['', 1, 1, 5000, 'unknown']] },
    SPACE: { characters: ' \t', words: [['', 1, 1, 5000, 'space']] },
    KANJI: { length: 2, characters: '犬鳥魚', words: [['', 1, 1, 4000, 'unknown,kanji']] },
    ALPHA: { invoke: true, group: true, characters: 'abcdef', words: [['', 1, 1, 2000, 'unknown,alpha']] },
    KATAKANA: { group: true, length: 2, characters: 'アイウー', words: [['', 1, 1, 3000, 'unknown,katakana']] },
    HIRAGANA: { group: true, characters: 'がのー', words: [['', 2, 2, 3500, 'unknown,hiragana']] },
  },
};
