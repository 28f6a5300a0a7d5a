export {
  findPlugin,
  readXlaInstallation,
  type XlaDevice,
  type XlaInstallation,
  type XlaPlugin,
  xlaFolder,
} from './installation.js';
