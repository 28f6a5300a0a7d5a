export { InputError } from './error.js';
export type { TensorflowCheck } from './tensorflow/setup/check.js';
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
