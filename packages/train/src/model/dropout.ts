import type * as tf from '@tensorflow/tfjs-core';

/**
 * Zeroes elements of x with a probability of `rate` and scales the others by 1 / (1 − rate).
 *
 * @param site which dropout of the model this is, so that no two draw the same numbers
 */
export type Dropout = (x: tf.Tensor, rate: number, site: number) => tf.Tensor;

/** Evaluation and prediction drop nothing. */
export const noDropout: Dropout = (x) => x;
