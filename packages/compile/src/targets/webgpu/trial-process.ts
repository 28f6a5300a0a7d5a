import { reportError } from '@mlm/base/spawn';
import { createSession } from '../onnx/session.js';
import { copyModel } from './copies.js';

/** Entry point of the process that `tryDevice` starts: `trial-process.js DEVICE`. */
createSession(copyModel('float32', 1), { device: process.argv[2]!, locations: { y: 'gpu-buffer' } }).then(
  () => {
    console.log('started');
    process.exit(0);
  },
  (error: Error) => {
    reportError(error);
    process.exit(1);
  },
);
