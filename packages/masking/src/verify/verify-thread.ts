import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '@mlm/base/errors';
import { type CheckMessage, type CheckWork, checkShare } from './verify-dataset.js';

// A thread of verifyDataset: opens the dataset itself and sends its results.
const send = (message: CheckMessage) => parentPort!.postMessage(message);
checkShare(workerData as CheckWork, (rows) => send({ rows })).then(
  (result) => send({ result }),
  // Cloned, an error loses its class.
  (error: unknown) => send(error instanceof InputError ? { problem: error.parts } : { error }),
);
