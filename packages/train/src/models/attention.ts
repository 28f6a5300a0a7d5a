import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, Sequences } from './model.js';

/** Added to the attention scores of keys that a query must not attend to; its exponential is 0 in float32. */
const hiddenScore = -1e9;

/**
 * The bias of the attention scores [batch, heads, sequence, sequence]: 0, or −10⁹ for keys that are padding or in
 * another document than the query. Shape [batch, 1, 1, sequence] if rows are single documents, otherwise [batch, 1,
 * sequence, sequence].
 */
export function attentionBias({ attention_mask, document_starts }: Sequences): tf.Tensor {
  const [batch, sequence] = attention_mask.shape as [number, number];
  const padding = tf.reshape(tf.mul(tf.sub(1, attention_mask), hiddenScore), [batch, 1, 1, sequence]);
  if (!document_starts) return padding;
  const queries = tf.reshape(document_starts, [batch, 1, sequence, 1]);
  const keys = tf.reshape(document_starts, [batch, 1, 1, sequence]);
  return tf.add(otherDocuments(queries, keys), padding);
}

/** −10⁹ if query and key are in different documents, which differ in where they begin; otherwise 0. */
function otherDocuments(queries: tf.Tensor, keys: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(tf.notEqual(queries, keys), 'float32'), hiddenScore);
}

/** The position of each token in its document, int32 [batch, sequence]; undefined if rows are single documents. */
export function documentPositions({ document_starts }: Sequences): tf.Tensor | undefined {
  if (!document_starts) return undefined;
  return tf.sub(tf.cast(positionsOf(document_starts.shape[1]!), 'int32'), document_starts);
}

/** [batch · sequence, hidden] → [batch, heads, sequence, hidden / heads]. */
export function splitHeads(
  x: tf.Tensor,
  [batch, sequence, heads]: readonly [batch: number, sequence: number, heads: number],
): tf.Tensor {
  return tf.transpose(tf.reshape(x, [batch, sequence, heads, x.shape[1]! / heads]), [0, 2, 1, 3]);
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) of [batch, heads, sequence, size].
 *
 * @param bias added to the scores, see {@link attentionBias}
 * @param drop dropout of the probabilities
 * @returns the joined heads, float32 [batch · sequence, heads · size]
 */
export function attend(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  bias: tf.Tensor,
  { dropout, rate, stream }: Drop,
): tf.Tensor {
  const [batch, heads, sequence, size] = query.shape as [number, number, number, number];
  const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)), bias);
  const probabilities = dropout(tf.softmax(scores), rate, stream);
  const context = tf.transpose(tf.matMul(probabilities, value), [0, 2, 1, 3]);
  return tf.reshape(context, [batch * sequence, heads * size]);
}

/** Dropout of attention probabilities. */
interface Drop {
  dropout: Dropout;
  rate: number;
  stream: number;
}

/**
 * {@link attend} for tokens that only attend to tokens at most `window` positions away. Rows are divided into blocks of
 * a window, and each block attends to itself and its two neighbours, so that time and memory grow linearly with the
 * length of a row.
 *
 * @param sequences the sequences attended to, without their padding and other documents than the query's
 */
export function attendLocally(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  { attention_mask, document_starts }: Sequences,
  window: number,
  { dropout, rate, stream }: Drop,
): tf.Tensor {
  const [batch, heads, sequence, size] = query.shape as [number, number, number, number];
  const blocks = Math.ceil(sequence / window);
  const filled = blocks * window;
  /** [batch, rows, sequence, width] → [batch, rows · blocks, 3 · window, width]: each block with its neighbours. */
  const withNeighbours = (x: tf.Tensor) => {
    const [, rows, , width] = x.shape as [number, number, number, number];
    const padded = tf.pad(x, [
      [0, 0],
      [0, 0],
      [window, window + filled - sequence],
      [0, 0],
    ]);
    const parts = [0, 1, 2].map((shift) =>
      tf.reshape(tf.slice(padded, [0, 0, shift * window, 0], [batch, rows, filled, width]), [
        batch,
        rows * blocks,
        window,
        width,
      ]),
    );
    return tf.concat(parts, 2);
  };
  const queries = tf.reshape(
    tf.pad(query, [
      [0, 0],
      [0, 0],
      [0, filled - sequence],
      [0, 0],
    ]),
    [batch, heads * blocks, window, size],
  );
  // Hides keys that are padding, or more than a window away from the query.
  const keysOf = (x: tf.Tensor) =>
    tf.reshape(withNeighbours(tf.reshape(x, [batch, 1, sequence, 1])), [batch, 1, blocks, 1, 3 * window]);
  const padding = tf.mul(tf.sub(1, keysOf(attention_mask)), hiddenScore);
  let bias = tf.add(padding, blockBand(window));
  if (document_starts) {
    const starts = tf.pad(document_starts, [
      [0, 0],
      [0, filled - sequence],
    ]);
    const ofQueries = tf.reshape(starts, [batch, 1, blocks, window, 1]);
    bias = tf.add(bias, otherDocuments(ofQueries, keysOf(document_starts)));
  }
  const scores = tf.mul(tf.matMul(queries, withNeighbours(key), false, true), 1 / Math.sqrt(size));
  const biased = tf.add(tf.reshape(scores, [batch, heads, blocks, window, 3 * window]), bias);
  const probabilities = dropout(tf.softmax(biased), rate, stream);
  const context = tf.matMul(
    tf.reshape(probabilities, [batch, heads * blocks, window, 3 * window]),
    withNeighbours(value),
  );
  const rows = tf.slice(
    tf.reshape(context, [batch, heads, filled, size]),
    [0, 0, 0, 0],
    [batch, heads, sequence, size],
  );
  return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [batch * sequence, heads * size]);
}

/**
 * The bias of a block's queries and the keys of three blocks, [window, 3 · window]: 0 within a window, otherwise −10⁹.
 */
function blockBand(window: number): tf.Tensor {
  const band = new Float32Array(3 * window * window);
  for (let query = 0; query < window; query++) {
    for (let key = 0; key < 3 * window; key++) {
      if (Math.abs(query + window - key) > window) band[query * 3 * window + key] = hiddenScore;
    }
  }
  return tf.tensor(band, [window, 3 * window]);
}

/** A bias [sequence, sequence]: 0 for keys at most `window` positions away from the query, otherwise −10⁹. */
export function bandBias(sequence: number, window: number): tf.Tensor {
  const at = positionsOf(sequence);
  const distance = tf.abs(tf.sub(tf.reshape(at, [sequence, 1]), tf.reshape(at, [1, sequence])));
  return tf.mul(tf.cast(tf.greater(distance, window), 'float32'), hiddenScore);
}

/** 0, 1, 2 … as float32 [sequence]; a cumulative sum, since the length may be a named size while tracing. */
export function positionsOf(sequence: number): tf.Tensor {
  return tf.cumsum(tf.ones([sequence]), 0, true);
}
