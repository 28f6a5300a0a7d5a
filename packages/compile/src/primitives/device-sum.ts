import type { Tensor } from '@tensorflow/tfjs-core';
import { isTracing, recordNode } from '../trace/recording.js';

/** The operation `DeviceSum(x)`: the sum of x over all devices. */
export const DEVICE_SUM = 'DeviceSum';

/**
 * Sums a tensor over all devices that run the function together (`CompileOptions.devices`); each device gets the sum.
 * On one device, it returns the tensor itself. It has no gradient: sum the gradients themselves.
 *
 * @example
 * ```ts
 * import { compile, sumOverDevices } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const inputs = { x: { shape: [4], dtype: 'float32', divided: true } } as const;
 * const total = await compile((_, { x }) => ({ sum: sumOverDevices(tf.sum(x!)) }), { inputs, engine: 'xla', devices: 2 });
 * ```
 */
export function sumOverDevices<T extends Tensor>(x: T): T {
  if (!isTracing()) return x;
  const { shape, dtype } = x;
  return recordNode(DEVICE_SUM, [x], {}, [{ shape, dtype: dtype as 'float32' }])[0] as T;
}
