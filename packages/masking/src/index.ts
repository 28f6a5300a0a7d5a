// The masking rule, made from settings and a tokenizer

export {
  type DescribedTokenizer,
  describeSettings,
  formatVersion,
  type MaskableTokenizer,
  type MaskingRule,
  type MaskingSettings,
  maskedShare,
  maskingDefaults,
  maskingRule,
  masksWords,
  ruleAt,
} from './rule.js';

// Masking streams and record batches

export { eachToken } from './batch/each-token.js';
export { maskBatch, remask, unmask } from './batch/mask-batch.js';
export { createStage, maskStage } from './batch/stage.js';
export { type MaskOptions, mask } from './batch/transform.js';

// Masking rows in plain arrays

export type { Uniforms } from './random/given.js';
export type { MaskedRows } from './rows/apply.js';
export { maskRows, maskRowsInPlace, maskWithUniforms, remaskRows } from './rows/mask-rows.js';
export { IGNORED_LABEL, restoreOriginals } from './rows/originals.js';
export { placesOfRows, type RowPlaces } from './rows/places.js';

// Checking masked datasets

export type { StatisticalTest } from './verify/tests.js';
export { type VerifyDatasetOptions, verifyDataset } from './verify/verify-dataset.js';
export {
  type MaskedDataset,
  type MaskingReport,
  type VerifyOptions,
  verifyMasking,
} from './verify/verify-masking.js';
export type { MaskingViolation } from './verify/violation.js';
