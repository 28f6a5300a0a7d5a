import { elementCount } from '@mlm/base/shape';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { HostMemory, paddedCount } from '../host/memory.js';
import { isTracing, recordNode } from '../trace/recording.js';

/** The operation `DropoutMask(key)` {shape, rate, stream}, see {@link dropoutMask}. */
export const DROPOUT_MASK = 'DropoutMask';

/** What a mask depends on besides its key. */
export interface DropoutMask {
  /** The shape of the activations that it multiplies. */
  readonly shape: readonly number[];
  /** The probability of zeros, 0 ≤ rate < 1, rounded to a multiple of 2⁻¹⁶. */
  readonly rate: number;
  /** Distinguishes the masks drawn with one key, for example those of different layers. */
  readonly stream: number;
}

/**
 * A mask to multiply activations with (Srivastava et al. 2014): 0 with probability `rate`, otherwise 1 / (1 − rate).
 * Element i depends only on key, stream and i. Eager tfjs and onnxruntime on the CPU draw the same mask; TensorFlow,
 * WebGPU and XLA each draw their own, all with counter-based generators.
 *
 * @param key int32 [2]: seed and step. In a compiled function, it must be an input.
 * @returns float32, of the mask's shape
 * @throws RangeError if the rate is out of range
 *
 * @example
 * ```ts
 * import { dropoutMask } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const mask = dropoutMask(tf.tensor1d([42, 1], 'int32'), { shape: [2, 3], rate: 0.1, stream: 0 });
 * const dropped = tf.mul(tf.ones([2, 3]), mask);
 * ```
 */
export function dropoutMask(key: Tensor, { shape, rate, stream }: DropoutMask): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new RangeError(`the dropout rate is ${rate}, expected at least 0 and below 1`);
  if (isTracing()) {
    return recordNode(DROPOUT_MASK, [key], { shape, rate, stream }, [{ shape, dtype: 'float32' }])[0];
  }
  const count = elementCount(shape);
  const memory = new HostMemory(HostMemory.bytesOf(count));
  const values = memory.allocate(count);
  drawMask(memory, values, { rate, stream }, key.dataSync() as Int32Array);
  return tensor(values.slice(), [...shape], 'float32');
}

/** Fills an array in the host's memory with a mask. */
export function drawMask(
  memory: HostMemory,
  array: Float32Array,
  { rate, stream }: Pick<DropoutMask, 'rate' | 'stream'>,
  key: ArrayLike<number>,
): void {
  const threshold = Math.round(rate * 2 ** 16);
  const word = mixKey([key[0]!, key[1]!, stream]);
  const scale = 1 / (1 - threshold / 2 ** 16);
  memory.kernels.dropoutMask(array.byteOffset, paddedCount(array.length), word, threshold, scale);
}

/** Hashes several words into one, applying murmur3's finalizer after each. */
function mixKey(words: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const word of words) {
    hash ^= word;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash = (hash ^ (hash >>> 16)) + 0x9e3779b9;
  }
  return hash | 0;
}
