import type { InputSpec } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import { type BertConfig, hasDropout } from '../model/config.js';
import { stepScalarNames } from '../optimizer/adamw.js';

/** The shapes of batches that a graph is compiled for. */
export interface GraphShape {
  batchSize: number;
  /** Padded lengths that batches may have. */
  lengths: readonly number[];
}

/**
 * Inputs that carry a batch. The number of decoded positions differs from batch to batch; so does the length where
 * there are several.
 */
export function batchInputs({ batchSize, lengths }: GraphShape): Record<string, InputSpec> {
  const sequence = lengths.length === 1 ? lengths[0]! : 'sequence';
  return {
    input_ids: { shape: [batchSize, sequence], dtype: 'int32' },
    attention_mask: { shape: [batchSize, sequence], dtype: 'float32' },
    masked_positions: { shape: ['masked'], dtype: 'int32' },
    masked_labels: { shape: ['masked'], dtype: 'int32' },
  };
}

/** The values of {@link batchInputs}. */
export function batchValues(batch: Batch): Record<string, Int32Array | Float32Array> {
  const { input_ids, attention_mask, masked_positions, masked_labels } = batch;
  return { input_ids, attention_mask, masked_positions, masked_labels };
}

const scalar: InputSpec = { shape: [], dtype: 'float32' };

/** What a training step takes beside its batch; `dropout_key` only where the model has dropout. */
export function trainingInputs(config: BertConfig): Record<string, InputSpec> {
  return {
    loss_scale: scalar,
    gradient_keep: scalar,
    ...Object.fromEntries(stepScalarNames.map((name) => [name, scalar])),
    ...(hasDropout(config) && { dropout_key: { shape: [2], dtype: 'int32' } }),
  };
}
