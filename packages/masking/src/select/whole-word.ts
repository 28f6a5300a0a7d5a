import type { Selection } from './selection.js';

/**
 * All tokens of a word or none: the whole-word masking of Google's BERT models of May 2019
 * (github.com/google-research/bert, `--do_whole_word_mask`). As there, each token of a word is replaced separately.
 */
export const wholeWord: Selection = { of: 'words', lengths: [1] };
