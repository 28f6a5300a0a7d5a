import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../../compile.js';

it('an index out of bounds fails the run, whichever component is out of bounds', async () => {
  const executable = await compile((_, { x, i }) => ({ y: tf.scatterND(i!, x!, [3, 4]) }), {
    inputs: { x: { shape: [1], dtype: 'float32' }, i: { shape: [1, 2], dtype: 'int32' } },
  });
  const at = (...index: number[]) => executable.run({ x: Float32Array.of(1), i: Int32Array.from(index) });
  expect((await at(2, 1)).y![9]).toBe(1);
  for (const index of [
    [3, 0],
    [-1, 0],
    [0, 4],
    [1, -1],
  ])
    await expect(at(...index), String(index)).rejects.toThrow();
  await executable.dispose();
});
