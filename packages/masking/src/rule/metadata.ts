import type { DatasetMetadata, MaskingMetadata } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import type { MaskingRule } from './rule.js';

/**
 * The rule that a dataset's metadata states.
 * @throws InputError when the dataset is not masked.
 */
export function ruleFromMetadata({
  masking,
  tokenizer,
}: Pick<DatasetMetadata, 'masking' | 'tokenizer'>): MaskingRule {
  if (!masking) throw new InputError('the dataset is not masked: its metadata states no masking rule');
  const { probability, replace, labels, seed } = masking;
  return {
    probability,
    replace,
    labels,
    seed,
    maskId: tokenizer.special_ids.mask,
    padId: tokenizer.special_ids.pad,
    protectedIds: tokenizer.protected_ids,
    vocabularySize: tokenizer.vocabulary_size,
  };
}

/** What a dataset's metadata states of a rule. */
export function maskingMetadata({ probability, replace, labels, seed }: MaskingRule): MaskingMetadata {
  return { probability, replace, labels, seed };
}
