import type { TupleOf } from '@mlm/base/tuple';
import { dispose, engine, registerBackend, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Attributes, OutputSpec, Value } from '../graph/graph.js';
import { registerRules, SymbolicBackend, tensorInfo } from './backend.js';
import { Recorder } from './recorder.js';

/** The name of the recording backend in tfjs. */
export const BACKEND_NAME = 'mlm-trace';

let backend: SymbolicBackend | undefined;

function symbolicBackend(): SymbolicBackend {
  if (backend) return backend;
  backend = new SymbolicBackend();
  registerRules(backend, BACKEND_NAME);
  return backend;
}

/** A tensor that stands for a value. */
export function symbolicTensor(value: Value): Tensor {
  const { dataId, shape, dtype } = tensorInfo(value);
  return engine().makeTensorFromDataId(dataId, shape, dtype, symbolicBackend());
}

export const isTracing = (): boolean => backend !== undefined && backend.recorders.length > 0;

/**
 * Runs a function with a new recorder, then restores tfjs's own backend, even after an error.
 *
 * @param sizesVary whether the sizes are samples of named sizes
 */
export function withRecorder<T>(body: (recorder: Recorder) => T, sizesVary: boolean): T {
  const to = symbolicBackend();
  const recorder = new Recorder(sizesVary);
  const outermost = to.recorders.length === 0;
  // Undefined until tfjs runs its first operation.
  const backendBefore: string | undefined = engine().backendName;
  const registered = engine().state.registeredVariables;
  if (outermost) {
    if (!engine().findBackend(BACKEND_NAME)) registerBackend(BACKEND_NAME, () => to, 0);
    selectBackend(BACKEND_NAME);
    // A separate registry, because the traced function's variables may have the names of real ones.
    engine().state.registeredVariables = {};
  }
  to.recorders.push(recorder);
  engine().startScope('trace');
  try {
    return body(recorder);
  } finally {
    // The end of a scope does not dispose of variables.
    if (outermost) dispose(Object.values(engine().state.registeredVariables));
    engine().endScope();
    to.recorders.pop();
    if (outermost) {
      engine().state.registeredVariables = registered;
      // If none was selected, tfjs selects one at its next operation.
      if (backendBefore) selectBackend(backendBefore);
      else engine().removeBackend(BACKEND_NAME);
    }
  }
}

// setBackend is declared async, but is done when it returns if the backend is already initialised.
function selectBackend(name: string): void {
  void engine().setBackend(name);
}

/** The value that a tensor stands for in the current trace. */
export const tracedValue = (tensor: TensorInfo): Value => symbolicBackend().tracedValue(tensor);

/** Records an operation that is no tfjs kernel. */
export function recordNode<const Outputs extends readonly OutputSpec[]>(
  op: string,
  inputs: readonly Tensor[],
  attributes: Attributes,
  outputs: Outputs,
): TupleOf<Outputs, Tensor> {
  const values: readonly Value[] = symbolicBackend().recorder.add(
    op,
    inputs.map(tracedValue),
    attributes,
    outputs,
  );
  return values.map(symbolicTensor) as TupleOf<Outputs, Tensor>;
}
