import { clone, customGrad, engine, grads, type Tensor, Variable } from '@tensorflow/tfjs-core';
import { registerGradients } from '../trace/gradients.js';
import { isTracing, recordNode } from '../trace/recording.js';

/** The operation `Barrier(x, after, …)`: a copy of x, made after the other inputs, that is never merged with x. */
export const BARRIER = 'Barrier';

/**
 * Runs a function with gradient checkpointing (Chen et al. 2016, arXiv:1604.06174): its intermediate results are not
 * kept for its gradient, which recomputes them from the inputs. Values and gradients equal those of `fn(inputs)`; the
 * forward pass runs twice. Neither passes nor engines merge the two runs.
 *
 * @param fn a large piece of a model, such as an encoder layer, called once for its value and once for its gradient.
 *   Gradients flow through `inputs` only; anything else that it reads, such as ids, masks or a dropout key, is constant
 * @param inputs float32 tensors by name: activations, and all variables that `fn` reads
 * @param constants other tensors that `fn` reads; they are kept until its gradient is computed
 * @returns the value of `fn`
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
  // Variables need no barrier: they are in memory anyway, and nothing is computed before them.
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
      // Finish all gradients of this function before earlier ones: a postponed gradient would keep its inputs in
      // memory.
      return found.map((gradient, i) => (flows[i] ? barrier(gradient, ...found.toSpliced(i, 1)) : gradient));
    };
    return { value: call(...tensors), gradFunc };
  });
  return run(...names.map((name) => inputs[name]!));
}

function barrier(x: Tensor, ...after: Tensor[]): Tensor {
  if (!isTracing()) return clone(x);
  return recordNode(BARRIER, [x, ...after], {}, [{ shape: x.shape, dtype: 'float32' }])[0];
}

/** Computes gradients inside a gradient; without its own tape, tfjs would end the outer one. */
function withOwnTape<T>(body: () => T): T {
  const { state } = engine();
  const outer = state.activeTape;
  try {
    return body();
  } finally {
    state.activeTape = outer;
  }
}
