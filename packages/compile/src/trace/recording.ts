import { dispose, engine, registerBackend, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Attribute, OutputSpec, Value } from '../graph/graph.js';
import { registerRules, SymbolicBackend, tensorInfo } from './backend.js';
import { Recorder } from './recorder.js';

/** The name under which traces register their backend in tfjs; it computes nothing. */
export const BACKEND_NAME = 'mlm-trace';

let backend: SymbolicBackend | undefined;

function symbolicBackend(): SymbolicBackend {
  if (backend) return backend;
  backend = new SymbolicBackend();
  registerRules(backend, BACKEND_NAME);
  return backend;
}

/** Makes a tensor that stands for a value. */
export function symbolicTensor(value: Value): Tensor {
  const { dataId, shape, dtype } = tensorInfo(value);
  return engine().makeTensorFromDataId(dataId, shape, dtype, symbolicBackend());
}

export const isTracing = (): boolean => backend !== undefined && backend.recorders.length > 0;

/**
 * Runs a function under a new recorder; tfjs's own backend is set back whatever happens.
 * @param sizesVary whether the sizes are samples
 */
export function withRecorder<T>(body: (recorder: Recorder) => T, sizesVary: boolean): T {
  const to = symbolicBackend();
  const recorder = new Recorder(sizesVary);
  const outermost = to.recorders.length === 0;
  // Undefined before tfjs has run its first operation.
  const backendBefore: string | undefined = engine().backendName;
  const registered = engine().state.registeredVariables;
  if (outermost) {
    if (!engine().findBackend(BACKEND_NAME)) registerBackend(BACKEND_NAME, () => to, 0);
    selectBackend(BACKEND_NAME);
    // Variables of the traced function live in a registry of their own: names may equal those of real variables.
    engine().state.registeredVariables = {};
  }
  to.recorders.push(recorder);
  engine().startScope('trace');
  try {
    return body(recorder);
  } finally {
    // Scopes do not end variables.
    if (outermost) dispose(Object.values(engine().state.registeredVariables));
    engine().endScope();
    to.recorders.pop();
    if (outermost) {
      engine().state.registeredVariables = registered;
      // With none selected before, tfjs chooses anew at its next operation.
      if (backendBefore) selectBackend(backendBefore);
      else engine().removeBackend(BACKEND_NAME);
    }
  }
}

// setBackend is declared async, but for a backend that is initialised already all of it happens during the call.
function selectBackend(name: string): void {
  void engine().setBackend(name);
}

/** The value that a tensor stands for within the current trace. */
export const tracedValue = (tensor: TensorInfo): Value => symbolicBackend().tracedValue(tensor);

/** Adds a node that no tfjs kernel stands for. */
export function recordNode(
  op: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, Attribute>>,
  outputs: readonly OutputSpec[],
): Tensor[] {
  const values = inputs.map(tracedValue);
  return symbolicBackend().recorder.add(op, values, attributes, outputs).map(symbolicTensor);
}
