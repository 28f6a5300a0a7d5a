// How TensorFlow is found and loaded, for @mlm/engines, which installs it.
export { DRIVER_FILE } from './cuda.js';
export {
  readInstallation,
  type TensorflowInstallation,
  tensorflowFolder,
  writeInstallation,
} from './installation.js';
export { loadTfjsNode } from './load-tfjs-node.js';
export { hasTfjsNodePackage, tfjsNodePackage } from './tfjs-node-package.js';
