import type { Replacement } from './replacement.js';

/**
 * 80 % [MASK], 10 % a random id, 10 % kept, so that the model also learns from tokens that it sees: Devlin et al., "BERT:
 * Pre-training of Deep Bidirectional Transformers for Language Understanding" (2018), section 3.1.
 */
export const bert: Replacement = { mask: 0.8, random: 0.1 };
