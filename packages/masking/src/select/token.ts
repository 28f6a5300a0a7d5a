import type { Selection } from './selection.js';

/**
 * Each token by itself: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding"
 * (2018), section 3.1, with a chance for each token, as RoBERTa and transformers have it, instead of a count a row.
 */
export const token: Selection = { of: 'tokens', lengths: [1] };
