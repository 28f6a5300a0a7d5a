// Choosing an engine, and trying one

// Setting up TensorFlow
export {
  readInstallation,
  type TensorflowInstallation,
  tensorflowFolder,
} from '@mlm/compile/tensorflow';
// Setting up XLA
export { type XlaDevice, type XlaInstallation, xlaFolder } from '@mlm/compile/xla';
export { hasBfloat16 } from './bfloat16.js';
export { chooseEngine, type EngineChoice, type EngineWish } from './choose.js';
export { type EnginePlace, type EngineProbe, enginePlaces, probeEngine } from './probe.js';
export {
  removeTensorflow,
  type SetupOptions,
  type SetupResult,
  setupTensorflow,
} from './tensorflow/setup.js';
export { findWheel } from './xla/index-page.js';
export { removeXla, setupXla, type XlaSetupOptions, type XlaSetupResult } from './xla/setup.js';
export { fetchWheel } from './xla/wheel.js';
