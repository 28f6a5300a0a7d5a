import { defined } from '@mlm/base/defined';
import { enginesWith, type InputSpec } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import { divideBatch } from '../data/split.js';
import { hasDropout, type Model } from '../models/model.js';
import { stepScalarNames } from '../optimizer/adamw.js';
import type { EngineOptions } from './compile-model.js';

/** The shapes of batches that a graph is compiled for. */
export interface GraphOptions {
  batchSize: number;
  /** Padded lengths of batches. */
  lengths: readonly number[];
  /** Whether batches keep documents apart. Default: false. */
  documents?: boolean | undefined;
  /** An engine that compiles each shape separately is given batches of few shapes: see {@link padMasked}. */
  engine?: EngineOptions['engine'];
  /** TensorFlow compiles each shape separately as well. */
  xla?: boolean;
  /** Number of devices that share the rows of a batch. Default: 1. */
  devices?: number;
}

/** Whether batches must have only a few shapes. */
export const hasFewShapes = ({ engine, xla = false }: Pick<GraphOptions, 'engine' | 'xla'>): boolean =>
  xla || (engine !== undefined && enginesWith('staticShapes').includes(engine));

/** The length of every batch, if all have the same. */
export const fixedLength = ({ lengths }: Pick<GraphOptions, 'lengths'>): number | undefined =>
  lengths.length === 1 ? lengths[0] : undefined;

/**
 * The inputs that take a batch. The number of masked positions differs from batch to batch, as does the length if there
 * are several.
 */
export function batchInputs(shape: GraphOptions): Record<string, InputSpec> {
  const { batchSize, lengths, devices = 1 } = shape;
  const sequence = fixedLength({ lengths }) ?? 'sequence';
  const rows = Math.ceil(batchSize / devices);
  const divided = devices > 1;
  return {
    input_ids: { shape: [rows, sequence], dtype: 'int32', divided },
    attention_mask: { shape: [rows, sequence], dtype: 'float32', divided },
    ...(shape.documents && { document_starts: { shape: [rows, sequence], dtype: 'int32', divided } }),
    masked_positions: { shape: ['masked'], dtype: 'int32', divided },
    masked_labels: { shape: ['masked'], dtype: 'int32', divided },
    ...(hasFewShapes(shape) && { position_weights: { shape: ['masked'], dtype: 'float32', divided } }),
  };
}

/** The values of {@link batchInputs}. */
export function batchValues(
  batch: Batch,
  shape: Pick<GraphOptions, 'engine' | 'xla' | 'devices'> = {},
): Record<string, Int32Array | Float32Array> {
  const { input_ids, attention_mask, document_starts, masked_positions, masked_labels } = batch;
  if (!hasFewShapes(shape))
    return { input_ids, attention_mask, ...defined({ document_starts }), masked_positions, masked_labels };
  const shares = divideBatch(batch, shape.devices ?? 1);
  const size = Math.max(...shares.map(paddedSize));
  return joined(
    shares.map((share) => ({
      input_ids: share.input_ids,
      attention_mask: share.attention_mask,
      ...defined({ document_starts: share.document_starts }),
      ...padMasked(share, size),
    })),
  );
}

/**
 * Sizes that the masked positions are padded to, in 32nds of all positions (but at least 16 positions). About one
 * position in seven is masked, so two or three sizes occur in practice; no others are ever compiled.
 */
const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 16, 32];
const smallestSize = 16;

/** The number of masked positions of a batch after padding. */
export function paddedSize({ batch, sequence, masked_positions }: Batch): number {
  const unit = Math.max(smallestSize, Math.ceil((batch * sequence) / 32));
  const fits = sizes.find((parts) => parts * unit >= masked_positions.length);
  return fits === undefined ? masked_positions.length : fits * unit;
}

/** The most programs that batches of these lengths can need if each shape has its own. */
export const programLimit = ({ lengths }: Pick<GraphOptions, 'lengths'>): number =>
  lengths.length * sizes.length;

/**
 * The masked positions, padded to one of a few counts, and their weights: 1, or 0 for padding, which is position 0 with
 * label 0.
 */
export function padMasked(batch: Batch, size = paddedSize(batch)) {
  const { masked_positions, masked_labels, masked } = batch;
  const padded = {
    masked_positions: new Int32Array(size),
    masked_labels: new Int32Array(size),
    position_weights: new Float32Array(size).fill(1, 0, masked),
  };
  padded.masked_positions.set(masked_positions);
  padded.masked_labels.set(masked_labels);
  return padded;
}

/** The values of several devices, one after another. */
function joined(
  shares: readonly Record<string, Int32Array | Float32Array>[],
): Record<string, Int32Array | Float32Array> {
  const [first] = shares;
  if (shares.length === 1) return first!;
  return Object.fromEntries(
    Object.entries(first!).map(([name, own]) => {
      const length = own.length * shares.length;
      const all = own instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
      for (const [k, share] of shares.entries()) all.set(share[name]!, k * own.length);
      return [name, all];
    }),
  );
}

const scalar: InputSpec = { shape: [], dtype: 'float32' };

/** The inputs of a training step besides its batch; `dropout_key` only if the model has dropout. */
export function trainingInputs(model: Model): Record<string, InputSpec> {
  return {
    loss_scale: scalar,
    gradient_keep: scalar,
    ...Object.fromEntries(stepScalarNames.map((name) => [name, scalar])),
    ...(hasDropout(model) && { dropout_key: { shape: [2], dtype: 'int32' } }),
  };
}
