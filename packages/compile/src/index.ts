// Compiling and running functions

export type { CacheSource } from './cache/key.js';
export { type CompileOptions, compile } from './compile.js';
export { OutOfMemoryError } from './error.js';
export type { Executable, ExecutableInput } from './executable.js';

// Engines to choose from

export { type Engine, engines, enginesWith, targetFor, targets } from './targets/index.js';
export {
  type Capabilities,
  type Device,
  ENGINE_REVISION,
  type Precision,
  type Target,
} from './targets/target.js';

// Operations beside those of tfjs

export { type AdamWUpdate, adamW } from './primitives/adamw.js';
export { checkpoint } from './primitives/checkpoint.js';
export { sumOverDevices } from './primitives/device-sum.js';
export { type DropoutMask, dropoutMask } from './primitives/dropout-mask.js';

// Tracing: from a function to a graph

export { BACKEND_NAME as traceBackendName } from './trace/recording.js';
export {
  type InputSpec,
  type TensorFunction,
  type TraceOptions,
  trace,
  type VariableSpec,
} from './trace/trace.js';

// Graphs

export {
  type Dimension,
  type DimensionTerm,
  isSymbolic,
  type Shape,
  type SymbolicDimension,
} from './graph/dimension.js';
export type {
  Attribute,
  Attributes,
  DType,
  Graph,
  NamedValue,
  Node,
  TypedArray,
  Value,
} from './graph/graph.js';
export { printGraph } from './graph/print.js';

// Graphs as files for other programs

export { type OnnxOptions, toOnnx } from './targets/onnx/model.js';
export { restoredValues, type Storage } from './targets/onnx/storage.js';
export { type SavedModelOptions, toSavedModel } from './targets/tensorflow/saved-model.js';
