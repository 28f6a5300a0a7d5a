import type { Replacement } from './replacement.js';

/**
 * 80 % [MASK], 10 % a random id, 10 % kept, so that the model also learns from tokens that it sees: Devlin et al., "BERT:
 * Pre-training of Deep Bidirectional Transformers for Language Understanding" (2018), section 3.1. The random id is
 * never a protected one; it may be the token's own, as in the paper's code.
 */
export const bert: Replacement = { mask: 0.8, random: 0.1 };
