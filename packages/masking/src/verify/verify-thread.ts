import { parentPort, workerData } from 'node:worker_threads';
import { type CheckWork, checkShare } from './verify-dataset.js';

// A thread of verifyDataset: it opens the dataset for itself and sends what it counts.
checkShare(workerData as CheckWork, (rows) => parentPort!.postMessage({ rows })).then(
  (result) => parentPort!.postMessage({ result }),
  (error: unknown) => parentPort!.postMessage({ error }),
);
