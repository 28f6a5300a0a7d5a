import type { Selection } from './selection.js';

/**
 * Single tokens: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding"
 * (2018), section 3.1, but with a probability per token, as in RoBERTa and transformers, instead of a count per row.
 */
export const token: Selection = { of: 'tokens', lengths: [1] };
