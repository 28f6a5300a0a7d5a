import type { BatchStage } from '@mlm/arrow';
import { type MaskingRule, maskStage } from '@mlm/masking';
import type { Tokenizer } from '@mlm/tokenize';

/** Masking for the rows of a tokenizer, to run in the threads that make them. */
export function maskingStage(
  { specialIds, protectedIds, vocabularySize }: Tokenizer,
  options: Pick<MaskingRule, 'probability' | 'replace' | 'labels' | 'seed'>,
): BatchStage {
  return maskStage({
    ...options,
    maskId: specialIds.mask,
    padId: specialIds.pad,
    protectedIds,
    vocabularySize,
  });
}
