import { InputError } from '@mlm/base/errors';

/** In characters. BPE and Unigram need memory in proportion to a word; longer ones do not occur in text. */
const MAX_WORD_LENGTH = 1 << 20;

/** @throws InputError for a word that is longer than any in real text */
export function checkWordLength(word: string, length = word.length): void {
  if (length <= MAX_WORD_LENGTH) return;
  throw new InputError(
    `a word of ${length} characters ("${word.slice(0, 20)}…"): this tokenizer accepts at most ${MAX_WORD_LENGTH}`,
  );
}
