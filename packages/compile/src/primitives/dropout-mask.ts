import { elementCount } from '@mlm/base/shape';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { HostMemory, paddedCount } from '../host/memory.js';
import { isTracing, recordNode } from '../trace/recording.js';

export const DROPOUT_MASK = 'DropoutMask';

/** What a mask's values depend on, apart from the key. */
export interface DropoutMask {
  /** That of what it multiplies. */
  readonly shape: readonly number[];
  /** The share of zeros, 0 ≤ rate < 1, in steps of 2⁻¹⁶. */
  readonly rate: number;
  /** Tells apart the masks that are drawn with one key, for example one a layer. */
  readonly stream: number;
}

/**
 * A mask to multiply activations with: 0 with probability `rate`, else 1 / (1 − rate). Element i is a function of key,
 * stream and i alone. Eager tfjs and onnxruntime on the CPU draw the same mask; TensorFlow and WebGPU draw others, each
 * by a counter-based generator.
 *
 * @param key  int32 [2]: seed and step. In a compiled step it must be an input of the function.
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
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`a dropout rate must be from 0 to below 1, not ${rate}`);
  if (isTracing()) {
    return recordNode(DROPOUT_MASK, [key], { shape, rate, stream }, [{ shape, dtype: 'float32' }])[0]!;
  }
  const count = elementCount(shape);
  const memory = new HostMemory(HostMemory.bytesOf(count));
  const values = memory.allocate(count);
  drawMask(memory, values, { rate, stream }, key.dataSync() as Int32Array);
  return tensor(values.slice(), [...shape], 'float32');
}

/** Fills an array in a host memory with a mask. */
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

/** One word from several, by murmur3's finalizer after each. */
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
