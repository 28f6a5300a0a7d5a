import * as tf from '@tensorflow/tfjs-core';
import { affine, withGradient } from './layers.js';

/**
 * Cross-entropy of the labels under softmax(states · tableᵀ + bias), summed over the rows and multiplied by `scale`.
 *
 * The [masked, vocabulary] arrays are by far the largest of a step, so the gradient makes as few passes over them as
 * possible: there are no one-hot labels, and softmax − one-hot is never formed. With p = softmax,
 *   d states = scale · (p · table − table[labels])
 *   d table   = pᵀ · (scale · states) − the rows scale · states added at their labels
 *   d bias    = scale · (column sums of p − label counts).
 *
 * @param states float32 [masked, hidden]
 * @param table float32 [vocabulary, hidden], the word embeddings
 * @param bias float32 [vocabulary]
 * @param labels int32 [masked]
 * @param scale float32 scalar: 1 / number of masked positions in the optimizer step; or [masked], if positions have
 *   weights
 */
export function scaledCrossEntropy(
  states: tf.Tensor,
  table: tf.Tensor,
  bias: tf.Tensor,
  labels: tf.Tensor1D,
  scale: tf.Tensor,
): tf.Tensor {
  const vocabulary = table.shape[0];
  return withGradient(
    [states, table, bias],
    ([states, table, bias]) => {
      const logits = affine(states, table, bias);
      const probabilities = tf.softmax(logits);
      const labelRows = tf.gather(table, labels);
      const losses = labelLosses(logits, probabilities, states, labelRows, tf.gather(bias, labels));
      return {
        value: scale.rank === 1 ? tf.sum(tf.mul(losses, scale)) : tf.mul(tf.sum(losses), scale),
        saved: [probabilities, states, table, labelRows],
      };
    },
    (dy, [probabilities, states, table, labelRows]) => {
      const factor = tf.mul(dy, scale);
      const weighted = scale.rank === 1;
      const column = weighted ? tf.expandDims(factor, 1) : factor;
      const scaled = tf.mul(states, column);
      const toBias = () => {
        if (weighted) {
          const sums = tf.sum(tf.mul(probabilities, column), 0);
          return tf.sub(sums, tf.unsortedSegmentSum(factor, labels, vocabulary));
        }
        const ones = tf.fill([labels.shape[0]], 1);
        const counts = tf.unsortedSegmentSum(ones, labels, vocabulary);
        return tf.mul(tf.sub(tf.sum(probabilities, 0), counts), factor);
      };
      return [
        tf.mul(tf.sub(tf.matMul(probabilities, table), labelRows), column),
        tf.sub(
          tf.matMul(probabilities, scaled, true, false),
          tf.unsortedSegmentSum(scaled, labels, vocabulary),
        ),
        toBias(),
      ];
    },
  );
}

/**
 * −log p[label] of each row. log Σ exp(logits) is computed from the largest logit, whose probability never underflows.
 */
function labelLosses(
  logits: tf.Tensor,
  probabilities: tf.Tensor,
  states: tf.Tensor,
  labelRows: tf.Tensor,
  labelBias: tf.Tensor,
): tf.Tensor {
  const logSumExp = tf.sub(tf.max(logits, -1), tf.log(tf.max(probabilities, -1)));
  const labelLogits = tf.add(tf.sum(tf.mul(states, labelRows), -1), labelBias);
  return tf.sub(logSumExp, labelLogits);
}

/**
 * Scores the output of a forward pass at the masked positions.
 *
 * @param weights float32 [masked], 1 for positions that count and 0 for others. Default: all count
 * @returns float32 scalars: `loss_sum`, the summed cross-entropy, and `correct`, the number of labels predicted
 *   correctly
 */
export function scoreLabels(
  states: tf.Tensor,
  table: tf.Tensor,
  bias: tf.Tensor,
  labels: tf.Tensor,
  weights?: tf.Tensor,
): { loss_sum: tf.Tensor; correct: tf.Tensor } {
  const logits = affine(states, table, bias);
  const losses = labelLosses(
    logits,
    tf.softmax(logits),
    states,
    tf.gather(table, labels),
    tf.gather(bias, labels),
  );
  const hits = tf.cast(tf.equal(tf.argMax(logits, -1), labels), 'float32');
  const total = (values: tf.Tensor) => tf.sum(weights ? tf.mul(values, weights) : values);
  return { loss_sum: total(losses), correct: total(hits) };
}
