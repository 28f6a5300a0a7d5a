import { PUNCTUATION, unicodeProperties, WHITESPACE } from '../unicode/properties.js';

/** Words of a normalized text: between whitespace, each punctuation character a word of its own. */
export function splitWords(text: readonly number[]): number[][] {
  const { classes } = unicodeProperties();
  const words: number[][] = [];
  let word: number[] = [];
  const end = () => {
    if (word.length > 0) words.push(word);
    word = [];
  };
  for (const c of text) {
    if (classes[c]! & (WHITESPACE | PUNCTUATION)) end();
    if (classes[c]! & PUNCTUATION) words.push([c]);
    else if (!(classes[c]! & WHITESPACE)) word.push(c);
  }
  end();
  return words;
}
