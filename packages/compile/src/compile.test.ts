import { InputError } from '@mlm/base/errors';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from './compile.js';
import { printGraph } from './graph/print.js';
import { enginesWith } from './targets/index.js';
import { type TensorFunction, trace } from './trace/trace.js';

const perceptron: TensorFunction = ({ w1, b1, w2 }, { x, y }) => {
  const { value, grads } = tf.variableGrads(() => {
    const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1!));
    const logits = tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D);
    return tf.mean<tf.Scalar>(tf.squaredDifference(logits, y!));
  });
  for (const variable of [w1!, b1!, w2!]) {
    variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.1)));
  }
  return { loss: value };
};

const ramp = (length: number, scale: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + 0.3) * scale);

const options: CompileOptions = {
  variables: {
    w1: { shape: [3, 4], value: ramp(12, 0.5) },
    b1: { shape: [4] },
    w2: { shape: [4, 2], value: ramp(8, 0.7) },
  },
  inputs: {
    x: { shape: ['batch', 3], dtype: 'float32' },
    y: { shape: ['batch', 2], dtype: 'float32' },
  },
};

describe('compile', () => {
  it('gives the same training results in eager tfjs and onnxruntime, for several values of a named size', async () => {
    const eager = await compile(perceptron, { ...options, engine: 'eager' });
    const onnx = await compile(perceptron, { ...options, engine: 'onnx', threads: 1 });
    const losses: number[] = [];
    for (const batch of [4, 1, 6, 4]) {
      const inputs = { x: ramp(batch * 3, 1), y: ramp(batch * 2, 2) };
      const [a, b] = [await eager.run(inputs), await onnx.run(inputs)];
      expect(b.loss![0]).toBeCloseTo(a.loss![0]!, 5);
      losses.push(b.loss![0]!);
    }
    expect(losses[3]).toBeLessThan(losses[0]!);
    const [a, b] = [await eager.read(), await onnx.read()];
    for (const name of ['w1', 'b1', 'w2']) {
      b[name]!.forEach((value, i) => {
        expect(value).toBeCloseTo(a[name]![i]!, 5);
      });
    }
    await Promise.all([eager.dispose(), onnx.dispose()]);
  });

  it.each([
    ['eager', 'cuda', 'fp32', 'device: cuda: the engine eager runs only on cpu; use engine: tens'],
    ['eager', 'webgpu', 'fp32', 'device: webgpu: the engine eager runs only on cpu; use engine: o'],
    ['eager', 'cuda', 'bf16', 'device: cuda: the engine eager runs only on cpu'],
    [
      'eager',
      'webgpu',
      'bf16',
      'precision: bf16: no engine supports bfloat16 matrix products on webgpu; use engine: tens',
    ],
    [
      'eager',
      'cpu',
      'bf16',
      'precision: bf16: the engine eager does not support bfloat16 matrix products; use engine: tens',
    ],
    ['tensorflow', 'webgpu', 'fp32', 'device: webgpu: the engine tensorflow runs only on cpu, cuda;'],
    [
      'tensorflow',
      'webgpu',
      'bf16',
      'precision: bf16: no engine supports bfloat16 matrix products on webgpu; use engine: tens',
    ],
    ['tensorflow', 'gpu', 'fp32', 'device: gpu: the engine tensorflow runs only on cpu, cuda; use d'],
    ['onnx', 'gpu', 'fp32', 'device: gpu: the engine onnx runs only on cpu, webgpu; use device: c'],
    [
      'onnx',
      'cpu',
      'bf16',
      'precision: bf16: the engine onnx does not support bfloat16 matrix products; use engine: tensorflow',
    ],
    ['onnx', 'cuda', 'fp32', 'device: cuda: the engine onnx runs only on cpu, webgpu; use engine: tens'],
    ['onnx', 'webgpu', 'bf16', 'precision: bf16: no engine supports bfloat16 matrix products on webgpu'],
    ['onnx', 'cpu', 'fp16', 'precision: fp16: unknown precision; use fp32, tf32, bf16'],
    [
      'onnx',
      'cpu',
      'tf32',
      'precision: tf32: no engine supports TF32 matrix products on cpu; use engine: tensorflow on device: cuda',
    ],
    [
      'tensorflow',
      'cpu',
      'tf32',
      'precision: tf32: no engine supports TF32 matrix products on cpu; use engine: tensorflow on device: cuda',
    ],
  ])('refuses %s on %s in %s with one line that says what to do', async (engine, device, precision, line) => {
    const asked = { ...options, engine, device, precision } as CompileOptions;
    const error = await compile(perceptron, asked).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    const { message } = error as InputError;
    expect(message.startsWith(line), message).toBe(true);
    expect(message).not.toContain('\n');
  });

  it('refuses unknown engines, and shares variables only between executables of one engine', async () => {
    const unknown = { ...options, engine: 'torch' } as unknown as CompileOptions;
    await expect(compile(perceptron, unknown)).rejects.toThrow(
      "unknown engine 'torch'; use onnx, tensorflow",
    );
    const share = await compile(perceptron, { ...options, engine: 'eager' });
    await expect(compile(perceptron, { ...options, share })).rejects.toThrow(
      'only if they have the same engine and device',
    );
    await share.dispose();
  });

  it('lists the engines that have a capability', () => {
    expect(enginesWith('staticShapes')).toEqual(['xla']);
    expect(enginesWith('severalDevices')).toEqual(['xla']);
    expect(enginesWith('tfjsBackend')).toEqual(['eager']);
  });

  it('prints what was traced', () => {
    expect(printGraph(trace(perceptron, options))).toMatchInlineSnapshot(`
      "input x: float32[batch,3]
      input y: float32[batch,2]
      variable w1: float32[3,4]
      variable b1: float32[4]
      variable w2: float32[4,2]
      %0: float32[batch,4] = BatchMatMul(x, w1)
      %1: float32[batch,4] = Add(%0, b1)
      %2: float32[batch,4] = Relu(%1)
      %3: float32[batch,2] = BatchMatMul(%2, w2)
      %4: float32[batch,2] = SquaredDifference(%3, y)
      %5: float32[] = Mean(%4) {axes: [0,1]}
      %6: float32[1,1] = Reshape(1) {shape: [1,1]}
      %7: float32[batch,2] = Fill() {shape: [batch,2], value: 1}
      %8: float32[batch,2] = Multiply(%6, %7)
      %9: float32[] = Fill() {shape: [], value: 2*batch}
      %10: float32[batch,2] = RealDiv(%8, %9)
      %11: float32[batch,2] = Sub(%3, y)
      %12: float32[batch,2] = Multiply(2, %11)
      %13: float32[batch,2] = Multiply(%10, %12)
      %14: float32[batch,4] = BatchMatMul(%13, w2) {transposeB: true}
      %15: float32[4,2] = BatchMatMul(%2, %13) {transposeA: true}
      %16: float32[batch,4] = Step(%1) {alpha: 0}
      %17: float32[batch,4] = Multiply(%14, %16)
      %18: float32[4] = Sum(%17) {axes: [0]}
      %19: float32[3,4] = BatchMatMul(x, %17) {transposeA: true}
      %20: float32[3,4] = Multiply(%19, 0.1)
      %21: float32[3,4] = Sub(w1, %20)
      %22: float32[4] = Multiply(%18, 0.1)
      %23: float32[4] = Sub(b1, %22)
      %24: float32[4,2] = Multiply(%15, 0.1)
      %25: float32[4,2] = Sub(w2, %24)
      output loss = %5
      update w1 = %21
      update b1 = %23
      update w2 = %25"
    `);
  });
});
