// Any tfjs function with variables can be compiled, its gradients and its optimizer included.
// Here: logistic regression learns which side of a line a point is on.
import { writeFile } from 'node:fs/promises';
import { compile, printGraph, type StepFunction, toOnnx, trace } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';

/** One step of gradient descent on the cross-entropy of `sides` (0 or 1) under sigmoid(points · weight + bias). */
const step: StepFunction = ({ weight, bias }, { points, sides, learning_rate }) => {
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
 * Trains, prints the traced graph, and writes it as an ONNX file that any runtime of ONNX can load.
 * @returns the losses, step by step
 */
export async function learnLine(onnxFile: string, print: (line: string) => void): Promise<number[]> {
  const graph = trace(step, specs);
  print(printGraph(graph));
  await writeFile(onnxFile, toOnnx(graph));

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
  const { weight, bias } = await compiled.read();
  print(`loss ${losses[0]} → ${losses.at(-1)}; weight ${weight}; bias ${bias}`);
  await compiled.dispose();
  return losses;
}
