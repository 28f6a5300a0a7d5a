// Any tfjs function with variables can be compiled, its gradients and its optimizer included.
// Here: logistic regression learns which side of a line a point is on.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, printGraph, type TensorFunction, toOnnx, toSavedModel, trace } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';

/** One step of gradient descent on the cross-entropy of `sides` (0 or 1) under sigmoid(points · weight + bias). */
const step: TensorFunction = ({ weight, bias }, { points, sides, learning_rate }) => {
  const { value: loss, grads } = tf.variableGrads(() => {
    const scores = tf.add(tf.matMul(points, weight), bias);
    return tf.mean(tf.sub(tf.softplus(scores), tf.mul(scores, sides))) as tf.Scalar;
  });
  for (const variable of [weight, bias])
    variable.assign(tf.sub(variable, tf.mul(learning_rate, grads[variable.name])));
  return { loss };
};

const specs = {
  variables: { weight: { shape: [2, 1] }, bias: { shape: [1] } },
  inputs: {
    points: { shape: ['batch', 2], dtype: 'float32' },
    sides: { shape: ['batch', 1], dtype: 'float32' },
    learning_rate: { shape: [], dtype: 'float32' },
  },
} as const;

/**
 * Prints the traced graph, trains, and writes the step into a folder: as `step.onnx`, which any runtime of ONNX loads,
 * and as a SavedModel that goes on from the trained values. In Python:
 *
 * ```py
 * step = tf.saved_model.load("saved_model").signatures["serving_default"]
 * step(points=…, sides=…, learning_rate=tf.constant(0.5))["loss"]
 * ```
 * @returns the losses, step by step
 */
export async function learnLine(folder: string, print: (line: string) => void): Promise<number[]> {
  const graph = trace(step, specs);
  print(printGraph(graph));

  const compiled = await compile(step, specs);
  const points = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i * i));
  const sides = Float32Array.from({ length: 64 }, (_, i) =>
    points[2 * i] + 2 * points[2 * i + 1] > 0.5 ? 1 : 0,
  );
  const losses: number[] = [];
  for (let i = 0; i < 100; i++) {
    const { loss } = await compiled.run({ points, sides, learning_rate: Float32Array.of(0.5) });
    losses.push(loss[0]);
  }
  const values = await compiled.read();
  print(`loss ${losses[0]} → ${losses.at(-1)}; weight ${values.weight}; bias ${values.bias}`);
  await compiled.dispose();

  await mkdir(join(folder, 'saved_model'), { recursive: true });
  await writeFile(join(folder, 'step.onnx'), toOnnx(graph));
  await writeFile(join(folder, 'saved_model', 'saved_model.pb'), toSavedModel(graph, { values }));
  return losses;
}
