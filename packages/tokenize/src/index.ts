export { type LoadTokenizerOptions, loadTokenizer } from './tokenizer/load.js';
export { tokenizerFromDefinition } from './tokenizer/tokenizer.js';
export type {
  AddedToken,
  DocumentMode,
  EncodedText,
  Encoder,
  SpecialIds,
  Tokenizer,
  TokenizerDefinition,
} from './tokenizer/types.js';
export {
  type TrainedVocabulary,
  trainVocabulary,
  type VocabularyOptions,
} from './vocabulary/train-vocabulary.js';
