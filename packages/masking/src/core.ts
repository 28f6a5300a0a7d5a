/** The part of this package that does not need Node, for browsers: the rule, and rows as plain arrays. */

// The rule: settings and a tokenizer make it

export {
  type MaskableTokenizer,
  type MaskingRule,
  type MaskingSettings,
  maskingDefaults,
  maskingRule,
} from './rule.js';

// Rows as plain arrays

export { maskRows, maskRowsInPlace, remaskRows } from './rows/mask-rows.js';
export { IGNORED_LABEL, restoreOriginals } from './rows/originals.js';
