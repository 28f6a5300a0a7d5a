// Picks English prose out of documentation: whole sentences in running text, each sentence once.
import { createHash } from 'node:crypto';

const COMMON = new Set(
  (
    'the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which ' +
    'one you were all her she there would their we him been has when who will no more if out so up said what its about ' +
    'than into them can only other time new some could these two may first then do any like my now over such our man me ' +
    'even most made after also did many must before back see through way where get much go well your know should down'
  ).split(' '),
);

/**
 * Whether a paragraph reads as English prose: long enough, nearly all letters, a usual share of common words.
 * @param {string} paragraph white space already collapsed
 */
export function isEnglishProse(paragraph) {
  if (paragraph.length < 100 || !/[.!?:;"')]$/.test(paragraph)) return false;
  const plain = paragraph.replace(/[^A-Za-z ,.'’;-]/g, '').length;
  if (plain < 0.93 * paragraph.length) return false;
  const words = paragraph.toLowerCase().match(/[a-z']+/g) ?? [];
  let common = 0;
  for (const word of words) if (COMMON.has(word)) common++;
  return words.length >= 15 && common >= 0.28 * words.length;
}

/** Remembers sentences, so that a text which many packages repeat (licences, templates) is kept once. */
export class SeenSentences {
  /** @type {Set<string>} */
  #seen = new Set();

  /**
   * The paragraph without the sentences met before; empty when less than half of it is new.
   * @param {string} paragraph
   */
  novel(paragraph) {
    const sentences = paragraph.split(/(?<=[.!?])\s+(?=[A-Z"'(])/);
    const kept = sentences.filter((sentence) => {
      const letters = sentence.toLowerCase().replace(/[^a-z]+/g, ' ');
      const key = createHash('sha1').update(letters).digest().toString('latin1', 0, 8);
      if (this.#seen.has(key)) return false;
      this.#seen.add(key);
      return true;
    });
    const text = kept.join(' ');
    return text.length * 2 >= paragraph.length ? text : '';
  }
}
