export { InputError } from '@mlm/base/errors';
export { cacheFolder } from './cache/folder.js';
export type { CacheSource } from './cache/key.js';
export { type CompileOptions, compile } from './compile.js';
export { type DropoutMask, dropoutMask } from './dropout/dropout.js';
export { type EagerOptions, EagerStep } from './eager/step.js';
export { type Device, ENGINE_REVISION, type Precision, type Target } from './engine.js';
export { OutOfMemoryError } from './error.js';
export {
  type Dimension,
  type DimensionTerm,
  evaluateDimension,
  formatDimension,
  formatShape,
  isSymbolic,
  type Shape,
  type SymbolicDimension,
  sizeOf,
  staticShape,
} from './graph/dimension.js';
export {
  type Attribute,
  type Attributes,
  constantOf,
  type DType,
  type Graph,
  makeNode,
  type Node,
  type OutputSpec,
  type TypedArray,
  type Value,
} from './graph/graph.js';
export { printGraph } from './graph/print.js';
export { type Emit, type Rule, removeUnused, rewrite } from './graph/rewrite.js';
export { hasBfloat16 } from './host/bfloat16.js';
export { type OnnxOptions, toOnnx } from './onnx/model.js';
export { chooseEngine, type EngineChoice, type EngineWish } from './probe/choose.js';
export { type EngineProbe, type EngineTarget, engineTargets, probeEngine } from './probe/probe.js';
export { simplify, simplifyForOnnx } from './simplify/simplify.js';
export type { Step, StepInput } from './step/step.js';
export { type SavedModelOptions, toSavedModel } from './tensorflow/saved-model.js';
export {
  readInstallation,
  type TensorflowInstallation,
  tensorflowFolder,
} from './tensorflow/setup/installation.js';
export {
  removeTensorflow,
  type SetupOptions,
  type SetupResult,
  setupTensorflow,
} from './tensorflow/setup/setup.js';
export { registerGradients } from './trace/gradients.js';
export { BACKEND_NAME as traceBackendName } from './trace/recording.js';
export {
  type InputSpec,
  type StepFunction,
  type TraceOptions,
  trace,
  type VariableSpec,
} from './trace/trace.js';
