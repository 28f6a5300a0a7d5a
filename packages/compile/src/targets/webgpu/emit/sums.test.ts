import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { expectClose, sample } from '../../../testing/compare.fixture.js';
import { type TensorFunction, trace } from '../../../trace/trace.js';
import { toOnnxWith } from '../../onnx/model.js';
import { ortTensor } from '../../onnx/runtime.js';
import { createSession } from '../../onnx/session.js';
import { emitters } from './index.js';

// The form for WebGPU, run on the CPU: the lane in interop/webgpu runs it where it belongs.
const [rows, width, places] = [37, 3, 11] as const;
const ids = Int32Array.from({ length: rows }, (_, i) => ((i * i) % 5) + (i % 3 === 0 ? -1 : 4));
const fn: TensorFunction = (_, { x, i }) => ({
  segments: tf.unsortedSegmentSum(x!, i as tf.Tensor1D, places),
  scattered: tf.scatterND(tf.reshape(tf.maximum(i!, tf.scalar(0, 'int32')), [-1, 1]), x!, [places, width]),
});

it.each([
  ['of a known number', rows],
  ['of a named number', 'rows'],
] as const)('rows %s are summed by place, those of negative places left out', async (_, size) => {
  const inputs = {
    x: { shape: [size, width], dtype: 'float32' },
    i: { shape: [size], dtype: 'int32' },
  } as const;
  const x = sample(rows * width);
  const graph = trace(fn, { inputs });
  const session = await createSession(toOnnxWith(emitters, graph), { threads: 1 });
  const results = await session.run({ x: ortTensor(x, [rows, width]), i: ortTensor(ids, [rows]) });
  await session.release();
  await tf.setBackend('cpu');
  const expected = tf.tidy(() => fn({}, { x: tf.tensor2d(x, [rows, width]), i: tf.tensor1d(ids, 'int32') }));
  for (const [name, { data }] of Object.entries(results))
    expectClose(data as Float32Array, (await expected[name]!.data()) as Float32Array, name);
});
