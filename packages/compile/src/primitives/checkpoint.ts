import { clone, customGrad, engine, grads, type Tensor, Variable } from '@tensorflow/tfjs-core';
import { registerGradients } from '../trace/gradients.js';
import { isTracing, recordNode } from '../trace/recording.js';

/** The operation `Barrier(x, after, …)`: x, but not before the others are known, and never taken for x itself. */
export const BARRIER = 'Barrier';

/**
 * Runs a function so that none of what it computes on the way is kept for its gradient, which computes it again:
 * gradient checkpointing (Chen et al. 2016, arXiv:1604.06174). What is kept are the function's inputs. Values and
 * gradients are those of `fn(inputs)`; the forward pass costs twice. Neither passes nor engines merge the two.
 *
 * @param fn  an operation of tfjs in the large, such as an encoder layer, called once a forward pass and once a gradient.
 *   Gradients flow through `inputs` alone; anything else that it reads, ids or masks or a dropout key, is constant to it
 * @param inputs  float32 tensors by name: activations, and all variables that the function reads
 * @param constants  tensors that the function computed before and reads as well; they are kept until its gradient
 *
 * @example
 * ```ts
 * import { checkpoint } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const layer = ({ x, weight }: { x: tf.Tensor; weight: tf.Tensor }) => tf.relu(tf.matMul(x, weight));
 * const y = checkpoint(layer, { x: tf.ones([2, 3]), weight: tf.ones([3, 4]) }, {});
 * ```
 */
export function checkpoint<
  Inputs extends Readonly<Record<string, Tensor>>,
  Constants extends Readonly<Record<string, Tensor>>,
>(
  fn: (inputs: Inputs, constants: Constants) => Tensor,
  inputs: Inputs,
  constants: Constants = {} as Constants,
): Tensor {
  registerGradients();
  const names = Object.keys(inputs);
  const call = (...tensors: Tensor[]): Tensor =>
    fn(Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) as Inputs, constants);
  // Variables are there anyway, and nothing lies further back than they.
  const isVariable = names.map((name) => inputs[name] instanceof Variable);
  const flows = isVariable.map((variable) => !variable || isVariable.every(Boolean));
  const run = customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: Tensor[]) => void;
    const tensors = args as Tensor[];
    save([...tensors, ...Object.values(constants).filter((tensor) => !tensors.includes(tensor))]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const again = saved
        .slice(0, names.length)
        .map((tensor, i) => (flows[i] ? barrier(tensor, dy) : tensor));
      const found = withOwnTape(() => grads(call)(again, dy));
      // All gradients here before any further back: an engine that puts some off keeps what they are made of.
      return found.map((gradient, i) => (flows[i] ? barrier(gradient, ...found.toSpliced(i, 1)) : gradient));
    };
    return { value: call(...tensors), gradFunc };
  });
  return run(...names.map((name) => inputs[name]!));
}

function barrier(x: Tensor, ...after: Tensor[]): Tensor {
  if (!isTracing()) return clone(x);
  return recordNode(BARRIER, [x, ...after], {}, [{ shape: x.shape, dtype: 'float32' }])[0]!;
}

/** Takes gradients within a gradient: tfjs ends the tape of the outer one otherwise. */
function withOwnTape<T>(body: () => T): T {
  const { state } = engine();
  const outer = state.activeTape;
  try {
    return body();
  } finally {
    state.activeTape = outer;
  }
}
