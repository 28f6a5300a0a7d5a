export { maskBatch, remask, unmask } from './batch/mask-batch.js';
export { createStage, maskStage } from './batch/stage.js';
export { type MaskOptions, mask } from './batch/transform.js';
export type { Uniforms } from './random/given.js';
export type { MaskedRows } from './rule/apply.js';
export { maskRows, maskRowsInPlace, maskWithUniforms, remaskRows } from './rule/mask-rows.js';
export { ruleFromMetadata } from './rule/metadata.js';
export { placesOfRows, type RowPlaces } from './rule/places.js';
export { restoreOriginals } from './rule/restore.js';
export { IGNORED_LABEL, type MaskingRule } from './rule/rule.js';
export {
  type MaskedDataset,
  type MaskingLaws,
  type MaskingReport,
  verifyMasking,
} from './verify/verify-masking.js';
export type { MaskingViolation } from './verify/violation.js';
