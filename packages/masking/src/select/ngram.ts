import { type Selection, shares } from './selection.js';

/**
 * Up to three consecutive words, with n words at a probability proportional to 1/n: Lan et al., "ALBERT: A Lite BERT
 * for Self-supervised Learning of Language Representations" (2019), section 4.1.
 */
export const ngram: Selection = { of: 'words', lengths: shares([1, 1 / 2, 1 / 3]) };
