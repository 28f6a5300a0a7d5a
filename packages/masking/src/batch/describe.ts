import { type DatasetDescription, describeBatches, descriptionOf } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import { maskingMetadata } from '../rule/metadata.js';
import type { MaskingRule } from '../rule/rule.js';

/** The batches of a stream have one description and one rule: the text of the last pair is kept. */
let last:
  | { description: DatasetDescription; rule: MaskingRule; describe: (batch: RecordBatch) => RecordBatch }
  | undefined;

/** The masked batch with what its original says about the dataset, and with the rule. */
export function describeMasked(masked: RecordBatch, original: RecordBatch, rule: MaskingRule): RecordBatch {
  const description = descriptionOf(original);
  if (!description) return masked;
  if (last?.description !== description || last.rule !== rule) {
    const describe = describeBatches({ ...description, masking: maskingMetadata(rule) });
    last = { description, rule, describe };
  }
  return last.describe(masked);
}
