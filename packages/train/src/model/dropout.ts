import { dropoutMask } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Zeroes elements of x with a probability of `rate` and scales the others by 1 / (1 − rate) (Srivastava et al. 2014).
 *
 * @param stream which dropout of the model this is, so that no two draw the same numbers
 */
export type Dropout = (x: tf.Tensor, rate: number, stream: number) => tf.Tensor;

/** Evaluation and prediction drop nothing. */
export const noDropout: Dropout = (x) => x;

/**
 * Dropout that is a function of key, stream and element alone, so that a resumed run draws what an unbroken one would.
 *
 * @param key int32 [2]: the run's seed, and the number of the batch in it
 */
export function keyedDropout(key: tf.Tensor): Dropout {
  return (x, rate, stream) =>
    rate === 0 ? x : tf.mul(x, dropoutMask(key, { shape: x.shape, rate, stream }));
}
