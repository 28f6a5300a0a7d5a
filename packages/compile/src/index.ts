// Compiling and running functions
export type { CacheSource } from './cache/key.js';
export { type CompileOptions, compile } from './compile.js';
export { OutOfMemoryError } from './error.js';
export type { Executable, ExecutableInput } from './executable.js';
// Graphs: reading and printing them
export { type Dimension, isSymbolic, type Shape, type SymbolicDimension } from './graph/dimension.js';
export type { Attributes, DType, Graph, Node, TypedArray, Value } from './graph/graph.js';
export { printGraph } from './graph/print.js';
export { type AdamWUpdate, adamW } from './primitives/adamw.js';
export { checkpoint } from './primitives/checkpoint.js';
export { sumOverDevices } from './primitives/device-sum.js';
export { type DropoutMask, dropoutMask } from './primitives/dropout-mask.js';
// Engines: what there is to choose from
export { type Engine, engines, targetFor, targets } from './targets/index.js';
// Files: graphs for other programs
export { type OnnxOptions, toOnnx } from './targets/onnx/model.js';
export { restoredValues, type Storage } from './targets/onnx/storage.js';
export { type Device, ENGINE_REVISION, type Precision, type Target } from './targets/target.js';
export { type SavedModelOptions, toSavedModel } from './targets/tensorflow/saved-model.js';
// Tracing: from a function to a graph
export { registerGradients } from './trace/gradients.js';
export { BACKEND_NAME as traceBackendName } from './trace/recording.js';
export {
  type InputSpec,
  type TensorFunction,
  type TraceOptions,
  trace,
  type VariableSpec,
} from './trace/trace.js';
