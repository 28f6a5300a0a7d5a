import { type Model, parameterCount } from '../models/model.js';

/** What the memory of a training step depends on, besides the model. */
export interface StepSize {
  /** Rows computed at once. */
  rows: number;
  /** Tokens in each row. */
  sequence: number;
  /** Share of the positions that are masked, from 0 to 1. */
  maskedShare: number;
  /** Whether gradients are summed over several micro-batches. */
  accumulate: boolean;
  /** Whether encoder layers are recomputed for their gradients. Default: false. */
  checkpointing?: boolean;
  /** Whether rows keep documents apart, with a bias for each pair of positions. Default: false. */
  documents?: boolean;
}

/** Share of the free memory that a step may take: the estimate is inexact, and other programs grow. */
export const usableShare = 0.8;

/** Engine, graph and the runtime's own buffers. */
const runtimeBytes = 400e6;
/** Weights, gradient, two moments, and as much again while the engine takes over and updates them. */
const floatsPerParameter = 8;
/**
 * Values per token and layer that are kept for the backward pass, and gradients in flight, in multiples of the hidden
 * size.
 */
const hiddenStates = 24;
/** The same in multiples of the feed-forward network's inner size. */
const intermediateStates = 4;
/**
 * Attention scores, probabilities, probabilities after dropout, and their gradients, for each head and pair of
 * positions.
 */
const attentionStates = 5;
/** Scores, probabilities and a temporary for each masked position and vocabulary id. */
const logitStates = 3;

/**
 * Estimates the peak memory of a training step in bytes:
 *
 *     400 MB + 4 · parameters · (8, or 9 with summed gradients)
 *            + 4 · rows · sequence · layers · (24 · hidden + 4 · intermediate + 5 · heads · sequence)
 *            + 4 · 3 · masked · vocabulary
 *
 * With recomputed layers, the second line is rows · sequence · (layers · hidden + one layer's states). If rows keep
 * documents apart, 4 · rows · sequence² is added. `masked` is three standard deviations above its mean.
 *
 * The factors are fitted to the peak resident memory of the onnx engine: from bert-tiny to bert-base, at 128 and 512
 * tokens per row, with and without dropout, the estimate is 0.97 to 1.2 times the measured value. `bf16` saves no
 * memory, since it only casts the operands of products.
 */
export function stepBytes(
  model: Model,
  { rows, sequence, maskedShare, accumulate, checkpointing = false, documents = false }: StepSize,
): number {
  const { hidden, intermediate, heads, layers, vocabulary, attended } = model.limits;
  const tokens = rows * sequence;
  const layerStates =
    hiddenStates * hidden + intermediateStates * intermediate + attentionStates * heads * attended(sequence);
  const spread = 3 * Math.sqrt(tokens * maskedShare * (1 - maskedShare));
  const masked = Math.min(tokens, tokens * maskedShare + spread);
  const floats =
    parameterCount(model) * (floatsPerParameter + (accumulate ? 1 : 0)) +
    tokens * (checkpointing ? layers * hidden + layerStates : layers * layerStates) +
    (documents ? tokens * sequence : 0) +
    masked * logitStates * vocabulary;
  return runtimeBytes + 4 * floats;
}
