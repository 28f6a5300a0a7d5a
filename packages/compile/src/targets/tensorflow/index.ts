// What setting TensorFlow up needs to know of how it is loaded: for @mlm/engines.
export { DRIVER_FILE } from './cuda.js';
export {
  readInstallation,
  type TensorflowInstallation,
  tensorflowFolder,
  writeInstallation,
} from './installation.js';
export { loadTfjsNode } from './load-tfjs-node.js';
export { hasTfjsNodePackage, tfjsNodePackage } from './tfjs-node-package.js';
