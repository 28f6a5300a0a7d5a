import type { BatchStage } from '@mlm/arrow/columns';
import type { MaskingRule } from '@mlm/masking';
import { maskStage } from '@mlm/masking/stage';
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
