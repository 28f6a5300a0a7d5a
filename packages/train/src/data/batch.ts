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
  const input_ids = new Int32Array(batch * sequence);
  if (padId !== 0) input_ids.fill(padId);
  const attention_mask = new Float32Array(batch * sequence);
  const positions = new Int32Array(batch * sequence);
  const labelsAt = new Int32Array(batch * sequence);
  let decoded = 0;
  let tokens = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const start = index * sequence;
    input_ids.set(row.input_ids, start);
    attention_mask.set(row.attention_mask, start);
    const { labels, attention_mask: attended } = row;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!;
      // Written in any case and kept only where the count moves on: no branch to mispredict.
      positions[decoded] = start + i;
      labelsAt[decoded] = label;
      decoded += label === ignoredLabel ? 0 : 1;
      tokens += attended[i]!;
    }
  }
  const kept = Math.max(1, decoded);
  if (decoded === 0) positions[0] = labelsAt[0] = 0;
  return {
    batch,
    sequence,
    input_ids,
    attention_mask,
    masked_positions: positions.slice(0, kept),
    masked_labels: labelsAt.slice(0, kept),
    decoded,
    tokens,
  };
}
