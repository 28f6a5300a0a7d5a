// Choosing and trying engines

export { hasBfloat16 } from './bfloat16.js';
export { chooseEngine, type EngineChoice, type EngineWish, type MachineFacts } from './choose.js';
export { type EnginePlace, type EngineProbe, enginePlaces, probeEngine } from './probe.js';

// Setting up TensorFlow

export { readInstallation, type TensorflowInstallation, tensorflowFolder } from '@mlm/compile/tensorflow';
export {
  removeTensorflow,
  type SetupOptions,
  type SetupResult,
  setupTensorflow,
} from './tensorflow/setup.js';

// Setting up XLA

export { type XlaDevice, type XlaInstallation, xlaFolder } from '@mlm/compile/xla';
export { findWheel, type Wheel } from './xla/index-page.js';
export type { Package } from './xla/packages.js';
export { removeXla, setupXla, type XlaSetupOptions, type XlaSetupResult } from './xla/setup.js';
export { type DownloadOptions, fetchWheel } from './xla/wheel.js';
