import type { BatchStage } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import { type MaskingRule, prepareRule } from '../rule/rule.js';
import { maskingMetadata } from './describe.js';
import { maskBatchInPlace } from './mask-batch.js';

/**
 * Static masking as a stage that runs inside the worker threads of `tokenize({ stages: [maskStage(rule)] })`.
 * @throws InputError when the rule is out of range.
 */
export function maskStage(rule: MaskingRule): BatchStage {
  prepareRule(rule);
  return {
    module: import.meta.url,
    options: rule,
    description: { masking: maskingMetadata(rule) },
  };
}

/** What a worker thread calls once: the stage's function of a token batch, which it uses up. */
export function createStage(rule: MaskingRule): (batch: RecordBatch) => RecordBatch {
  return (batch) => maskBatchInPlace(batch, rule);
}
