import { type Selection, shares } from './selection.js';

/**
 * Up to three words that follow one another, the chance of n words in proportion to 1/n: Lan et al., "ALBERT: A Lite BERT
 * for Self-supervised Learning of Language Representations" (2019), section 4.1.
 */
export const ngram: Selection = { of: 'words', lengths: shares([1, 1 / 2, 1 / 3]) };
