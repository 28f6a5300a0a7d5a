export type { EncoderImage, EncoderLayout, PreparedEncoder } from './encoder/image.js';
export type { InputFile } from './formats/format.js';
export {
  type PreprocessOptions,
  type PreprocessProgress,
  type PreprocessReport,
  preprocess,
} from './preprocess/preprocess.js';
export { partPath, type Share, shareOf, shareVariables } from './preprocess/share.js';
export { type InputFiles, listFiles } from './source/list.js';
export type { PlanOptions } from './source/plan.js';
export { textFiles } from './source/text-files.js';
export { type TextsOptions, texts } from './source/texts.js';
export type { DocumentKind, Unit, UnitPart } from './source/unit.js';
export { type TokenizeOptions, tokenize } from './stream/tokenize.js';
export { type LoadTokenizerOptions, loadTokenizer } from './tokenizer/load.js';
export { tokenizerMetadata } from './tokenizer/metadata.js';
export { tokenizerFromDefinition } from './tokenizer/tokenizer.js';
export type {
  AddedToken,
  DefinitionSource,
  DocumentMode,
  EncodedText,
  Encoder,
  EncoderSource,
  PreparedSource,
  SpecialIds,
  Tokenizer,
  TokenizerDefinition,
} from './tokenizer/types.js';
export {
  type TrainedVocabulary,
  trainVocabulary,
  type VocabularyCounts,
  type VocabularyOptions,
} from './vocabulary/train-vocabulary.js';
export { type UnitTextsOptions, unitTexts } from './vocabulary/unit-texts.js';
