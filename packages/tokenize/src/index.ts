// From text files to a dataset

export { BadRecordLog, type BadRecords, badRecordList } from './preprocess/bad-records.js';
export {
  type PreprocessOptions,
  type PreprocessReport,
  preprocess,
} from './preprocess/preprocess.js';
export type { PreprocessProgress } from './preprocess/progress.js';
export type { SkippedRecords } from './worker/read-unit.js';

// From text to token batches, as streams

export type { PlanOptions } from './source/plan.js';
export { textFiles } from './source/text-files.js';
export { type TextsOptions, texts } from './source/texts.js';
export type { DocumentKind, Unit, UnitPart } from './source/unit.js';
export { type TokenizeOptions, tokenize } from './stream/tokenize.js';

// Finding input files

export type { ContentName, FileState, InputFile } from './formats/format.js';
export type { Files } from './source/file-list.js';
export { type InputFiles, type ListOptions, listFiles } from './source/list.js';

// Sharing the work among machines

export { type GivenShare, partPath, type Share, shareOf, shareVariables } from './preprocess/share.js';

// Tokenizers

export { type LoadTokenizerOptions, loadTokenizer } from './tokenizer/load.js';
export { tokenizerMetadata } from './tokenizer/metadata.js';
export { type ReadTokens, readTokens } from './tokenizer/read-tokens.js';
export { tokenizerFromDefinition } from './tokenizer/tokenizer.js';
export type {
  AddedToken,
  DefinitionSource,
  SpecialIds,
  Tokenizer,
  TokenizerDefinition,
} from './tokenizer/types.js';

// Encoders, which turn a tokenizer’s text into ids

export type { EncoderImage, EncoderLayout, PreparedEncoder } from './encoder/image.js';
export type {
  ComponentJson,
  DocumentMode,
  EncodedText,
  Encoder,
  EncoderSource,
  ImageSource,
  NativeImage,
  PreparedSource,
} from './tokenizer/types.js';

// Learning a vocabulary

export {
  type TrainedVocabulary,
  trainVocabulary,
  type VocabularyCounts,
  type VocabularyOptions,
} from './vocabulary/train-vocabulary.js';
export { type UnitTextsOptions, unitTexts } from './vocabulary/unit-texts.js';
