import type { MessagePort } from 'node:worker_threads';

/** Where nothing is received, so that what is moved there is freed. */
let nowhere: MessagePort | undefined;

/** Frees memory at once. Left to the garbage collector, tens of megabytes would pile up in each thread. */
export function free(memory: ArrayBuffer): void {
  if (!nowhere) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    nowhere = port1;
  }
  nowhere.postMessage(undefined, [memory]);
}
