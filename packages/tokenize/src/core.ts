/**
 * The part of this package that needs no Node, for browsers: learning a vocabulary, WordPiece, and packing rows.
 */

// Learning a vocabulary

export {
  type TrainedVocabulary,
  trainVocabulary,
  type VocabularyCounts,
  type VocabularyOptions,
} from './vocabulary/train-vocabulary.js';

// From text to rows of ids

export { RowPacker, type RowTokens } from './cut/pack.js';
export { tokenizerFromDefinition } from './tokenizer/tokenizer.js';
export type { Encoder, SpecialIds, Tokenizer, TokenizerDefinition } from './tokenizer/types.js';
