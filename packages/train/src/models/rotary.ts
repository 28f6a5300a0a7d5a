import * as tf from '@tensorflow/tfjs-core';
import { positionsOf } from './attention.js';

/**
 * The rotation of each pair of units at each position, float32 [sequence, size / 2] or [batch, 1, sequence, size / 2].
 */
export type RotaryAngles = Readonly<Record<'cos' | 'sin', tf.Tensor>>;

/**
 * The angles of {@link rotary}.
 *
 * @param size units per head
 * @param positions int32 [batch, sequence]. Default: counted from 0
 */
export function rotaryAngles(
  sequence: number,
  size: number,
  base: number,
  positions?: tf.Tensor,
): RotaryAngles {
  // Rounded at each operation, like PyTorch in single precision.
  const frequencies = Float32Array.from({ length: size / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(base ** Math.fround((2 * i) / size))),
  );
  const at = positions
    ? tf.reshape(tf.cast(positions, 'float32'), [positions.shape[0], 1, sequence, 1])
    : tf.reshape(positionsOf(sequence), [sequence, 1]);
  const angles = tf.mul(at, tf.tensor(frequencies, [1, size / 2]));
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864) of x [batch, heads, sequence, size]; its halves form the
 * pairs.
 */
export function rotary(x: tf.Tensor, { cos, sin }: RotaryAngles): tf.Tensor {
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
    3,
  );
}
