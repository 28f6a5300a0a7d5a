import { engine, Tensor, type Variable } from '@tensorflow/tfjs-core';
import type { DType, Graph, NamedValue, Value } from '../graph/graph.js';
import { removeUnused } from '../graph/rewrite.js';
import { generalize } from './generalize.js';
import { registerGradients } from './gradients.js';
import { explainMissingKernel } from './missing-kernel.js';
import { symbolicTensor, tracedValue, withRecorder } from './recording.js';
import { sampleSizes } from './sizes.js';

/** An input of a compiled function. A string in the shape names a size that may vary from run to run. */
export interface InputSpec {
  readonly shape: readonly (number | string)[];
  readonly dtype: 'float32' | 'int32';
  /**
   * Whether several devices divide the input: a run gets all shares, one after another, and `shape` is that of one
   * share. Default: false; each device gets the whole input.
   */
  readonly divided?: boolean;
}

/** A variable: its shape, its dtype (default: float32) and its initial value (default: zeros). */
export interface VariableSpec {
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32';
  /** Whether `tf.variableGrads` includes the variable. Default: true. */
  readonly trainable?: boolean;
  readonly value?: Float32Array | Int32Array | undefined;
}

/**
 * Plain tfjs code that computes named results from variables and inputs. It may call `tf.variableGrads`, whose
 * gradients have the variables' names, and `variable.assign`, whose last call sets the variable's value after the run.
 */
export type TensorFunction = (
  variables: Record<string, Variable>,
  inputs: Record<string, Tensor>,
) => Record<string, Tensor>;

/** The variables and inputs of a traced function. */
export interface TraceOptions {
  /** Variables by name: specs, or tfjs variables, of which only shape, dtype and `trainable` matter. Default: none. */
  readonly variables?: Readonly<Record<string, VariableSpec | Variable>>;
  /** Inputs by name, with at most four different named sizes. Default: none. */
  readonly inputs?: Readonly<Record<string, InputSpec>>;
}

/**
 * Records a function as a graph, with its gradients and assignments. The function runs on shapes only: JavaScript
 * control flow is recorded as it happens, random numbers drawn by tfjs become constants, and reading a tensor's data
 * throws.
 *
 * With named sizes, the function runs once for each of several sizes, and every number that differs between the
 * recordings is solved as a sum of products of named sizes.
 *
 * @throws Error if an operation is not supported, or a number depends on a named size in any other way
 *
 * @example
 * ```ts
 * import { printGraph, trace } from '@mlm/compile';
 * import * as tf from '@tensorflow/tfjs-core';
 *
 * const graph = trace((_, { x }) => ({ y: tf.relu(x!) }), { inputs: { x: { shape: ['batch', 3], dtype: 'float32' } } });
 * console.log(printGraph(graph));
 * ```
 */
export function trace(fn: TensorFunction, options: TraceOptions = {}): Graph {
  registerGradients();
  const names = new Set<string>();
  for (const { shape } of Object.values(options.inputs ?? {})) {
    for (const size of shape) if (typeof size === 'string') names.add(size);
  }
  const graphs = sampleSizes([...names]).map((sizes) => ({ sizes, graph: traceSample(fn, options, sizes) }));
  return removeUnused(generalize(graphs, [...names]));
}

function traceSample(fn: TensorFunction, options: TraceOptions, sizes: ReadonlyMap<string, number>): Graph {
  return withRecorder((recorder) => {
    const inputs = Object.entries(options.inputs ?? {}).map(([name, { shape, dtype }]) =>
      recorder.declare({
        name,
        shape: shape.map((size) => (typeof size === 'string' ? sizes.get(size)! : size)),
        dtype,
      }),
    );
    const variables = Object.entries(options.variables ?? {}).map(([name, variable]) => ({
      trainable: variable.trainable ?? true,
      value: recorder.declare({ name, shape: variable.shape, dtype: (variable.dtype ?? 'float32') as DType }),
    }));
    const variableTensors = variables.map(({ value, trainable }) =>
      engine().makeVariable(symbolicTensor(value), trainable, value.name),
    );
    const results = callTraced(fn, variableTensors, inputs);
    const outputs = Object.entries(results).map(([name, tensor]): [string, Value] => [
      name,
      tracedValue(resultTensor(name, tensor)),
    ]);
    const updates = variableTensors
      .map((variable): [string, Value] => [variable.name, tracedValue(variable)])
      .filter(([, value], i) => value !== variables[i]!.value);
    return {
      inputs,
      variables: variables.map(({ value }) => value),
      nodes: recorder.nodes,
      outputs: Object.fromEntries(outputs),
      updates: Object.fromEntries(updates),
    };
  }, sizes.size > 0);
}

function callTraced(fn: TensorFunction, variables: readonly Variable[], inputs: readonly NamedValue[]) {
  try {
    return fn(
      Object.fromEntries(variables.map((variable) => [variable.name, variable])),
      Object.fromEntries(inputs.map((value) => [value.name, symbolicTensor(value)])),
    );
  } catch (error) {
    throw explainMissingKernel(error);
  }
}

/** The tensor that a function returned under a name. @throws TypeError if it is not a tensor */
export function resultTensor(name: string, result: unknown): Tensor {
  if (result instanceof Tensor) return result;
  throw new TypeError(`a compiled function must return tensors by name, but '${name}' is not one`);
}
