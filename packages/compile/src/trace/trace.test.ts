import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { printGraph } from '../graph/print.js';
import { type InputSpec, type TensorFunction, trace } from './trace.js';

const float = (...shape: (number | string)[]): InputSpec => ({ shape, dtype: 'float32' });
const inputs = { x: float('rows', 3) };
const traced = (fn: TensorFunction, specs: Readonly<Record<string, InputSpec>> = inputs) =>
  printGraph(trace(fn, { inputs: specs }));

describe('trace', () => {
  it('solves sizes as sums of products of named ones', () => {
    const fn: TensorFunction = (_, { x, y }) => {
      const [rows, columns] = [x!.shape[0]!, y!.shape[0]!];
      const outer = tf.matMul(tf.reshape(x!, [rows, 1]), tf.reshape(y!, [1, columns]));
      return { flat: tf.concat([tf.reshape(outer, [rows * columns]), tf.zeros([2 * rows + 1])]) };
    };
    expect(traced(fn, { x: float('rows'), y: float('columns') })).toMatchInlineSnapshot(`
      "input x: float32[rows]
      input y: float32[columns]
      %0: float32[rows,1] = Reshape(x) {shape: [rows,1]}
      %1: float32[1,columns] = Reshape(y) {shape: [1,columns]}
      %2: float32[rows,columns] = BatchMatMul(%0, %1)
      %3: float32[rows*columns] = Reshape(%2) {shape: [rows*columns]}
      %4: float32[2*rows + 1] = Fill() {shape: [2*rows + 1], value: 0}
      %5: float32[rows*columns + 2*rows + 1] = Concat(%3, %4) {axis: 0}
      output flat = %5"
    `);
  });

  it('keeps tensors that an ordinary backend holds as constants', () => {
    const table = tf.tensor1d([1, 2, 4]);
    expect(traced((_, { x }) => ({ y: tf.mul(x!, table) }))).toMatch(/Const\(\) \{value: \[1,2,4\]\}/);
  });

  it('repeats a constant that the function keeps from its first call', () => {
    let two: tf.Tensor | undefined;
    const fn: TensorFunction = (_, { x }) => {
      two ??= tf.keep(tf.scalar(2));
      return { y: tf.mul(x!, two) };
    };
    expect(traced(fn)).toMatch(/float32\[rows,3\] = Multiply\(x, 2\)/);
  });

  it('slices by a named size even if a recorded sample is too short', () => {
    const table = tf.ones([2, 3]);
    const graph = traced((_, { x }) => ({ y: tf.slice(table, [0, 0], [x!.shape[0]!, 3]) }));
    expect(graph).toMatch(/float32\[rows,3\] = Slice\(%0\) \{begin: \[0,0\], size: \[rows,3\]\}/);
    const fixed: TensorFunction = () => ({ y: tf.slice(table, [0, 0], [5, 3]) });
    expect(() => traced(fixed, { x: float(4) })).toThrow(
      'a slice of [5,3] from [0,0] exceeds the shape [2,3]',
    );
  });

  it('refuses what cannot be determined from shapes, and says what to do', () => {
    const reads: TensorFunction = (_, { x }) => ({ y: tf.scalar(x!.dataSync()[0]!) });
    const branches: TensorFunction = (_, { x }) => ({ y: x!.shape[0]! > 6 ? tf.exp(x!) : tf.sin(x!) });
    const divides: TensorFunction = (_, { x }) => ({ y: tf.mul(x!, 1 / x!.shape[0]!) });
    let kept: tf.Tensor | undefined;
    const keeps: TensorFunction = (_, { x }) => {
      kept ??= tf.keep(tf.exp(x!));
      return { y: tf.neg(kept) };
    };
    const forgets = (() => ({ y: 1 })) as unknown as TensorFunction;
    expect(() => traced(reads)).toThrow('cannot read the data of a tensor');
    expect(() => traced(branches)).toThrow('must not branch or loop on a named size');
    expect(() => traced(divides)).toThrow('tf.mean instead of a division by a size');
    expect(() => traced(keeps)).toThrow("must not keep tensors between calls, but it reads 'Exp'");
    expect(() => traced(forgets)).toThrow("'y' is not one");
  });

  it('names an unsupported operation, and its alternative', () => {
    const einsum: TensorFunction = (_, { x }) => ({ y: tf.einsum('ij,kj->ik', x!, x!) });
    const atan: TensorFunction = (_, { x }) => ({ y: tf.atan(x!) });
    const pads: TensorFunction = (_, { x }) => ({
      y: tf.pad(x!, [
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    });
    const inRank = '3 paddings do not fit a tensor of rank 2';
    const sentence = (name: string, instead: string) =>
      `the operation ${name} is not supported in compiled functions; use ${instead}, or the engine 'eager'`;
    expect(() => traced(einsum)).toThrow(sentence('Einsum', 'tf.transpose, tf.reshape and tf.matMul'));
    expect(() => traced(atan)).toThrow(sentence('Atan', 'supported operations'));
    expect(() => traced(pads)).toThrow(inRank);
  });

  it('leaves tfjs as it was, even if the function throws', () => {
    tf.setBackend('cpu');
    const own = tf.variable(tf.scalar(2), true, 'weight');
    const tensors = tf.memory().numTensors;
    const fails: TensorFunction = () => {
      throw new Error('on purpose');
    };
    const specs = { variables: { weight: { shape: [3] } }, inputs };
    expect(() => trace(fails, specs)).toThrow('on purpose');
    trace(({ weight }, { x }) => ({ y: tf.mul(x!, weight!) }), specs);
    expect(tf.getBackend()).toBe('cpu');
    expect(tf.memory().numTensors).toBe(tensors);
    expect(tf.add(own, 1).dataSync()[0]).toBe(3);
    own.dispose();
  });
});
