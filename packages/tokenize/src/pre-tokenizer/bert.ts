import { PUNCTUATION, unicodeProperties, WHITESPACE } from '../unicode/properties.js';

/** The words of a normalized text, separated by whitespace; each punctuation character is a word. */
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
