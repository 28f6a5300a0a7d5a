// The rule: settings and a tokenizer make it

// Record batches and streams of them
export { eachToken } from './batch/each-token.js';
export { maskBatch, remask, unmask } from './batch/mask-batch.js';
export { createStage, maskStage } from './batch/stage.js';
export { type MaskOptions, mask } from './batch/transform.js';
// Rows as plain arrays
export type { Uniforms } from './random/given.js';
export type { MaskedRows } from './rows/apply.js';
export { maskRows, maskRowsInPlace, maskWithUniforms, remaskRows } from './rows/mask-rows.js';
export { IGNORED_LABEL, restoreOriginals } from './rows/originals.js';
export { placesOfRows, type RowPlaces } from './rows/places.js';
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
  ruleAt,
  selectsWords,
} from './rule.js';

// Checking datasets
export type { StatisticalTest } from './verify/tests.js';
export { type VerifyDatasetOptions, verifyDataset } from './verify/verify-dataset.js';
export {
  type MaskedDataset,
  type MaskingReport,
  type VerifyOptions,
  verifyMasking,
} from './verify/verify-masking.js';
export type { MaskingViolation } from './verify/violation.js';
