import { IGNORED_LABEL } from '@mlm/masking/core';

/** The shape of a padded batch, as every graph of the model takes it. */
export interface BatchShape {
  /** Number of sequences. */
  batch: number;
  /** Tokens in each sequence, padding included. */
  sequence: number;
}

/** The rows of a batch, and the positions of its masked tokens. */
export interface Batch extends BatchShape {
  /** int32 [batch · sequence], row after row. */
  input_ids: Int32Array;
  /** 1 on tokens, 0 on padding, [batch · sequence]. */
  attention_mask: Float32Array;
  /**
   * The position in its row at which each token's document begins, [batch · sequence]; padding is a separate document.
   * Absent if rows do not keep documents apart.
   */
  document_starts?: Int32Array | undefined;
  /** Indices into batch · sequence. Never empty: if nothing is masked, it holds position 0, and `masked` is 0. */
  masked_positions: Int32Array;
  /** The id to predict at each of `masked_positions`. */
  masked_labels: Int32Array;
  /** Number of masked positions. */
  masked: number;
  /** Tokens in the batch, without padding. */
  tokens: number;
}

/**
 * One sequence: positions `start` to `start + length` of columns that hold many rows, without its trailing padding. A
 * row thus costs one object, whatever its length.
 */
export interface Row {
  input_ids: Int32Array;
  labels: Int32Array;
  /** Absent if every position is attended to. */
  attention_mask?: Int8Array | undefined;
  /**
   * Positions in the row at which documents begin, ascending from 0; absent if the row does not keep documents apart.
   */
  document_starts?: Int32Array | undefined;
  /** Unit of the dataset, and row in it; given if `input_ids` are originals, to be masked with their batch. */
  place?: { unit: number; row: number } | undefined;
  start: number;
  length: number;
}

/** A sequence that has its columns to itself. */
export function rowOf(input_ids: Int32Array, labels: Int32Array, attention_mask?: Int8Array): Row {
  return { input_ids, labels, attention_mask, start: 0, length: input_ids.length };
}

/**
 * Joins rows into one padded batch. Missing rows become padding, which attention and loss ignore, so that all batches
 * of a length have the one compiled shape.
 */
export function assembleBatch(rows: readonly Row[], { batch, sequence }: BatchShape, padId: number): Batch {
  const places = batch * sequence;
  const { positions, labelsAt } = scratch(places);
  let masked = 0;
  for (let index = 0; index < rows.length; index++) {
    const { labels, start: from, length } = rows[index]!;
    const start = index * sequence;
    // Writes every label, and keeps only real ones: a branch would be mispredicted at every other mask.
    for (let i = 0; i < length; i++) {
      const label = labels[from + i]!;
      positions[masked] = start + i;
      labelsAt[masked] = label;
      masked += isReal(label);
    }
  }
  if (masked === 0) positions[0] = labelsAt[0] = 0;
  const kept = Math.max(1, masked);

  // One buffer for all parts: it moves to another thread as a whole.
  const hasDocuments = rows[0]?.document_starts !== undefined;
  const buffer = new ArrayBuffer(4 * ((hasDocuments ? 3 : 2) * places + 2 * kept));
  const input_ids = new Int32Array(buffer, 0, places);
  const attention_mask = new Float32Array(buffer, 4 * places, places);
  const masked_positions = new Int32Array(buffer, 8 * places, kept);
  const masked_labels = new Int32Array(buffer, 8 * places + 4 * kept, kept);
  const document_starts = hasDocuments ? new Int32Array(buffer, 8 * (places + kept), places) : undefined;
  masked_positions.set(positions.subarray(0, kept));
  masked_labels.set(labelsAt.subarray(0, kept));
  if (padId !== 0) input_ids.fill(padId);
  let tokens = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const start = index * sequence;
    input_ids.set(row.input_ids.subarray(row.start, row.start + row.length), start);
    tokens += writeAttention(row, attention_mask, start);
    if (document_starts) writeDocuments(row, document_starts.subarray(start, start + sequence));
  }
  return {
    batch,
    sequence,
    input_ids,
    attention_mask,
    document_starts,
    masked_positions,
    masked_labels,
    masked,
    tokens,
  };
}

/** 1 for any label but {@link IGNORED_LABEL}, without a branch. */
function isReal(label: number): number {
  const difference = label ^ IGNORED_LABEL;
  return (difference | -difference) >>> 31;
}

/**
 * Copies a row's attention_mask into a batch's.
 * @returns the number of tokens it attends to
 */
function writeAttention(row: Row, target: Float32Array, start: number): number {
  const { attention_mask, start: from, length } = row;
  if (!attention_mask) {
    target.fill(1, start, start + length);
    return length;
  }
  let tokens = 0;
  for (let i = 0; i < length; i++) {
    const attended = attention_mask[from + i]!;
    target[start + i] = attended;
    tokens += attended;
  }
  return tokens;
}

/** Writes the start of each token's document; that of the padding is the row's length. */
function writeDocuments({ document_starts, length }: Row, target: Int32Array): void {
  for (const [i, start] of document_starts!.entries())
    target.fill(start, start, document_starts![i + 1] ?? length);
  target.fill(length, length);
}

/** Collects masked positions until their number is known; shared by all batches of a size. */
let gathered = { positions: new Int32Array(0), labelsAt: new Int32Array(0) };
function scratch(places: number): typeof gathered {
  if (gathered.positions.length < places) {
    gathered = { positions: new Int32Array(places), labelsAt: new Int32Array(places) };
  }
  return gathered;
}
