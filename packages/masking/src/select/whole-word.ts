import type { Selection } from './selection.js';

/**
 * All tokens of a word or none: the whole-word masking of Google's BERT models of May 2019
 * (github.com/google-research/bert, `--do_whole_word_mask`). Each token of a word is replaced by itself, as there.
 */
export const wholeWord: Selection = { of: 'words', lengths: [1] };
