/** Sequences of one shape, padded, as every graph of the model takes them. */
export interface BatchShape {
  /** Number of sequences. */
  batch: number;
  /** Tokens in each, padding included. */
  sequence: number;
}

/** The rows of a batch, and where in them a token is decoded. */
export interface Batch extends BatchShape {
  /** [batch · sequence], row after row. */
  input_ids: Int32Array;
  /** [batch · sequence]: 1 on tokens, 0 on padding. */
  attention_mask: Float32Array;
  /** Indices into batch · sequence. Never empty: without a decoded position it names position 0, and `decoded` is 0. */
  masked_positions: Int32Array;
  /** The id to predict at each of `masked_positions`. */
  masked_labels: Int32Array;
  /** How many positions are decoded. */
  decoded: number;
  /** Tokens in the batch, padding left out. */
  tokens: number;
}

/** One sequence of a dataset: views of equal length, without the padding at its end. */
export interface Row {
  input_ids: Int32Array;
  labels: Int32Array;
  attention_mask: Int8Array;
}

/** Label of a position that is not decoded. */
export const ignoredLabel = -100;

/**
 * Joins rows into one padded batch. Rows that are missing to the full size become padding, which attention and loss
 * leave out, so that every batch of a length has the one shape that was compiled.
 */
export function assembleBatch(rows: readonly Row[], { batch, sequence }: BatchShape, padId: number): Batch {
  const places = batch * sequence;
  // One buffer for all parts: it crosses to another thread as a whole.
  const buffer = new ArrayBuffer(4 * places * 4);
  const input_ids = new Int32Array(buffer, 0, places);
  const attention_mask = new Float32Array(buffer, 4 * places, places);
  const positions = new Int32Array(buffer, 8 * places, places);
  const labelsAt = new Int32Array(buffer, 12 * places, places);
  if (padId !== 0) input_ids.fill(padId);
  let decoded = 0;
  let tokens = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const start = index * sequence;
    input_ids.set(row.input_ids, start);
    const { labels, attention_mask: attended } = row;
    for (let i = 0; i < attended.length; i++) {
      attention_mask[start + i] = attended[i]!;
      tokens += attended[i]!;
    }
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] === ignoredLabel) continue;
      positions[decoded] = start + i;
      labelsAt[decoded++] = labels[i]!;
    }
  }
  const kept = Math.max(1, decoded);
  if (decoded === 0) positions[0] = labelsAt[0] = 0;
  return {
    batch,
    sequence,
    input_ids,
    attention_mask,
    masked_positions: positions.subarray(0, kept),
    masked_labels: labelsAt.subarray(0, kept),
    decoded,
    tokens,
  };
}
