import { setImmediate } from 'node:timers/promises';
import {
  clone,
  dispose,
  engine,
  type NamedTensorMap,
  type Tensor,
  tensor,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';
import type { Executable, ExecutableInput } from '../../executable.js';
import type { TypedArray } from '../../graph/graph.js';
import { registerGradients } from '../../trace/gradients.js';
import { type InputSpec, resultTensor, type TensorFunction, type VariableSpec } from '../../trace/trace.js';
import { resolveInputs } from '../inputs.js';
import { copyInto, emptyValue, initialValue, pick } from '../variables.js';
import { replaceSlowKernels } from './kernels.js';

/** The options of an eager executable. */
export interface EagerOptions {
  readonly variables: Readonly<Record<string, VariableSpec | Variable>>;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Uses the variables of this executable instead of new ones. */
  readonly share?: EagerExecutable | undefined;
}

/** Runs a function operation by operation on tfjs's current backend. */
export class EagerExecutable implements Executable {
  readonly #variables: Map<string, Variable>;
  readonly #owned: boolean;

  constructor(
    readonly fn: TensorFunction,
    readonly options: EagerOptions,
  ) {
    registerGradients();
    this.#owned = options.share === undefined;
    this.#variables = options.share ? options.share.#variables : createVariables(options.variables);
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const { inputs } = resolveInputs(this.options.inputs, given);
    // An eager run blocks the thread; this lets signals and timers through between two runs.
    await setImmediate();
    replaceSlowKernels();
    const results = withRegistry(this.#variables, () =>
      tidy(() => {
        const tensors = Object.entries(inputs).map(([name, { data, shape }]): [string, Tensor] => [
          name,
          tensor(data, [...shape], this.options.inputs[name]!.dtype),
        ]);
        const returned = this.fn(Object.fromEntries(this.#variables), Object.fromEntries(tensors));
        return ownTensors(returned);
      }),
    );
    const outputs: Record<string, TypedArray> = {};
    for (const [name, result] of Object.entries(results)) {
      outputs[name] = (await result.data()).slice() as TypedArray;
      result.dispose();
    }
    return outputs;
  }

  async read(names: readonly string[] = [...this.#variables.keys()]): Promise<Record<string, TypedArray>> {
    const values: Record<string, TypedArray> = {};
    for (const [name, variable] of pick(this.#variables, names)) {
      values[name] = (await variable.data()).slice() as TypedArray;
    }
    return values;
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    for (const [name, variable] of pick(this.#variables, Object.keys(values))) {
      const array = emptyValue(variable);
      copyInto(name, array, values[name]!);
      tidy(() => variable.assign(tensor(array, variable.shape, variable.dtype)));
    }
  }

  async dispose(): Promise<void> {
    if (this.#owned) withRegistry(this.#variables, () => dispose([...this.#variables.values()]));
  }
}

/** A new tensor per result, safe to dispose of: the returned one may be a variable or belong to the caller. */
function ownTensors(results: Readonly<Record<string, Tensor>>): NamedTensorMap {
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, clone(resultTensor(name, tensor))]),
  );
}

function createVariables(specs: EagerOptions['variables']): Map<string, Variable> {
  return withRegistry(
    new Map(),
    () =>
      new Map(
        Object.entries(specs).map(([name, spec]) => {
          const value = tensor(initialValue(name, spec), [...spec.shape], spec.dtype ?? 'float32');
          const variable = engine().makeVariable(value, spec.trainable ?? true, name);
          value.dispose();
          return [name, variable];
        }),
      ),
  );
}

/**
 * Runs a function with only these variables registered in tfjs, so that `tf.variableGrads` finds no others and two
 * executables can use the same names.
 */
function withRegistry<T>(variables: ReadonlyMap<string, Variable>, body: () => T): T {
  const { state } = engine();
  const outer = state.registeredVariables;
  state.registeredVariables = Object.fromEntries(variables);
  try {
    return body();
  } finally {
    state.registeredVariables = outer;
  }
}
