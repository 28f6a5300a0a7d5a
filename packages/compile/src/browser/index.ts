// Compiling and running functions

export type { CacheSource } from '../cache/key.js';
export { type CompileOptions, compile } from '../compile.js';
export { OutOfMemoryError } from '../error.js';
export type { Executable, ExecutableInput } from '../executable.js';
export type { Device, Precision } from '../targets/target.js';
export { enginesWith, useOnnxRuntime } from './targets.js';

// Graphs

export { type Dimension, isSymbolic, type Shape, type SymbolicDimension } from '../graph/dimension.js';
export type { Attributes, DType, Graph, NamedValue, Node, TypedArray, Value } from '../graph/graph.js';
export { printGraph } from '../graph/print.js';
export { type AdamWUpdate, adamW } from '../primitives/adamw.js';
export { checkpoint } from '../primitives/checkpoint.js';
export { sumOverDevices } from '../primitives/device-sum.js';
export { type DropoutMask, dropoutMask } from '../primitives/dropout-mask.js';
export { type OnnxOptions, toOnnx } from '../targets/onnx/model.js';

// Tracing

export { BACKEND_NAME as traceBackendName } from '../trace/recording.js';
export {
  type InputSpec,
  type TensorFunction,
  type TraceOptions,
  trace,
  type VariableSpec,
} from '../trace/trace.js';
