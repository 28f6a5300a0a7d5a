import type { MaskedColumns } from '@mlm/arrow';
import { IGNORED_LABEL } from '../rows/originals.js';
import type { MaskingRule } from '../rule.js';
import { lengthOf, type MaskingViolation, valueAt } from './violation.js';

/**
 * The first position that no draw of the rule could have made, whatever its seed and probability; lengths are equal.
 */
export function findLawViolation(found: MaskedColumns, rule: MaskingRule): MaskingViolation | undefined {
  for (let row = 0; row < found.input_ids.offsets.length - 1; row++) {
    const length = lengthOf(found.input_ids, row);
    let end = length;
    while (end > 0 && valueAt(found.input_ids, row, end - 1) === rule.padId) end--;
    for (let position = 0; position < length; position++) {
      const id = valueAt(found.input_ids, row, position);
      const label = valueAt(found.labels, row, position);
      const attention = valueAt(found.attention_mask, row, position);
      const message =
        position < end ? brokenLaw(id, label, attention, rule) : brokenPaddingLaw(label, attention);
      if (message) return { row, position, message };
    }
  }
  return undefined;
}

function brokenPaddingLaw(label: number, attention: number): string | undefined {
  if (attention !== 0) return `attention_mask is ${attention} on padding, expected 0`;
  if (label !== IGNORED_LABEL) return `the label is ${label} on padding, expected ${IGNORED_LABEL}`;
  return undefined;
}

function brokenLaw(id: number, label: number, attention: number, rule: MaskingRule): string | undefined {
  const { isProtected, maskId, vocabularySize } = rule;
  const isKnown = (value: number) => value >= 0 && value < vocabularySize;
  if (attention !== 1) return `attention_mask is ${attention} on a real token, expected 1`;
  if (!isKnown(id))
    return `input_ids holds ${id}, expected an id of the vocabulary, 0 to ${vocabularySize - 1}`;
  if (label === IGNORED_LABEL) {
    return rule.settings.labels === 'all'
      ? `the label is ${IGNORED_LABEL} on a real token, expected its id`
      : undefined;
  }
  if (!isKnown(label)) {
    return `the label is ${label}, expected ${IGNORED_LABEL} or an id of the vocabulary, 0 to ${vocabularySize - 1}`;
  }
  if (rule.settings.labels === 'all' && id === label) return undefined;
  if (isProtected[label]) return `the protected token ${label} was masked`;
  if (id === maskId || (rule.settings.replace === 'bert' && !isProtected[id])) return undefined;
  return rule.settings.replace === 'mask'
    ? `a masked token was replaced by ${id}, expected [MASK] (${maskId})`
    : `a masked token was replaced by the protected token ${id}`;
}
