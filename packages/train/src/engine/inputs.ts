import type { InputSpec } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import { hasDropout, type Model } from '../models/model.js';
import { stepScalarNames } from '../optimizer/adamw.js';

/** The shapes of batches that a graph is compiled for. */
export interface GraphShape {
  batchSize: number;
  /** Padded lengths that batches may have. */
  lengths: readonly number[];
  /** Batches come in few shapes, because XLA compiles each anew: see {@link padDecoded}. Default false. */
  xla?: boolean;
}

/** The length of every batch, where it is one. */
export const fixedLength = ({ lengths }: Pick<GraphShape, 'lengths'>): number | undefined =>
  lengths.length === 1 ? lengths[0] : undefined;

/**
 * Inputs that carry a batch. The number of decoded positions differs from batch to batch; so does the length where
 * there are several.
 */
export function batchInputs({ batchSize, lengths, xla = false }: GraphShape): Record<string, InputSpec> {
  const sequence = fixedLength({ lengths }) ?? 'sequence';
  return {
    input_ids: { shape: [batchSize, sequence], dtype: 'int32' },
    attention_mask: { shape: [batchSize, sequence], dtype: 'float32' },
    masked_positions: { shape: ['masked'], dtype: 'int32' },
    masked_labels: { shape: ['masked'], dtype: 'int32' },
    ...(xla && { position_weights: { shape: ['masked'], dtype: 'float32' } }),
  };
}

/** The values of {@link batchInputs}. */
export function batchValues(
  batch: Batch,
  { xla = false }: { xla?: boolean } = {},
): Record<string, Int32Array | Float32Array> {
  const { input_ids, attention_mask, masked_positions, masked_labels } = batch;
  return {
    input_ids,
    attention_mask,
    ...(xla ? padDecoded(batch) : { masked_positions, masked_labels }),
  };
}

/** Sizes of the decoded positions, as a share of all: about one in seven is decoded, which then comes in two or three. */
const sizeShare = 1 / 32;
const smallestSize = 16;

/**
 * The decoded positions, padded to a multiple of a share of all positions, with the weight of each: 1, and 0 on padding,
 * which is position 0 with label 0. Their number differs from batch to batch; so it takes few values.
 */
export function padDecoded({ batch, sequence, masked_positions, masked_labels, decoded }: Batch) {
  const unit = Math.max(smallestSize, Math.ceil(batch * sequence * sizeShare));
  const size = Math.ceil(masked_positions.length / unit) * unit;
  const padded = {
    masked_positions: new Int32Array(size),
    masked_labels: new Int32Array(size),
    position_weights: new Float32Array(size).fill(1, 0, decoded),
  };
  padded.masked_positions.set(masked_positions);
  padded.masked_labels.set(masked_labels);
  return padded;
}

const scalar: InputSpec = { shape: [], dtype: 'float32' };

/** What a training step takes beside its batch; `dropout_key` only where the model has dropout. */
export function trainingInputs(model: Model): Record<string, InputSpec> {
  return {
    loss_scale: scalar,
    gradient_keep: scalar,
    ...Object.fromEntries(stepScalarNames.map((name) => [name, scalar])),
    ...(hasDropout(model) && { dropout_key: { shape: [2], dtype: 'int32' } }),
  };
}
