// Choosing an engine, and trying one

// Setting up TensorFlow
export {
  readInstallation,
  type TensorflowInstallation,
  tensorflowFolder,
} from '@mlm/compile/tensorflow';
export { hasBfloat16 } from './bfloat16.js';
export { chooseEngine, type EngineChoice, type EngineWish } from './choose.js';
export { type EnginePlace, type EngineProbe, enginePlaces, probeEngine } from './probe.js';
export {
  removeTensorflow,
  type SetupOptions,
  type SetupResult,
  setupTensorflow,
} from './tensorflow/setup.js';
