// Our encoder on the lines of a text, in so many threads: node ours.js TOKENIZER TEXT BYTES THREADS
import { readFileSync } from 'node:fs';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { loadTokenizer } from '@mlm/tokenize';

const CHUNK = 1 << 20;

/**
 * Ids of a part of the text, and the milliseconds that each of three passes took: on the clock, and of processor time of the
 * whole process, its compiler and garbage collector included.
 * @param {string} tokenizer @param {Uint8Array} part
 */
async function passes(tokenizer, part) {
  const encoder = (await loadTokenizer(tokenizer)).encoder();
  const text = Buffer.from(part);
  const milliseconds = [];
  const processor = [];
  let ids = 0;
  for (let pass = 0; pass < 3; pass++) {
    const started = performance.now();
    const used = process.cpuUsage();
    ids = 0;
    for (let start = 0; start < text.length; ) {
      const end = start + CHUNK < text.length ? text.lastIndexOf(10, start + CHUNK) + 1 : text.length;
      ids += encoder.encode(text.subarray(start, end), { document: 'line' }).ids.length;
      start = end;
    }
    milliseconds.push(performance.now() - started);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1e3);
  }
  return { ids, milliseconds, processor };
}

if (parentPort) {
  const { tokenizer, part } = workerData;
  parentPort.postMessage(await passes(tokenizer, part));
} else {
  const [tokenizer = '', file = '', bytes, count] = process.argv.slice(2);
  const whole = readFileSync(file).subarray(0, Number(bytes));
  const text = whole.subarray(0, whole.lastIndexOf(10) + 1);
  const middle = Number(count) > 1 ? text.lastIndexOf(10, text.length / 2) + 1 : text.length;
  const parts = [text.subarray(0, middle), text.subarray(middle)].filter((part) => part.length > 0);
  /** @type {Awaited<ReturnType<typeof passes>>[]} */
  const done =
    parts.length === 1
      ? [await passes(tokenizer, text)]
      : await Promise.all(
          parts.map(
            (part) =>
              new Promise((resolve, reject) => {
                const worker = new Worker(new URL(import.meta.url), { workerData: { tokenizer, part } });
                worker.on('message', resolve).on('error', reject);
              }),
          ),
        );
  /** MB a second of each pass. @param {(part: Awaited<ReturnType<typeof passes>>) => number[]} times */
  const rates = (times) =>
    [0, 1, 2].map((pass) => text.length / Math.max(...done.map((part) => times(part)[pass] ?? 0)) / 1e3);
  const [cold = 0, ...warm] = rates(({ milliseconds }) => milliseconds);
  // Of several threads each sees the time of all.
  const [coldProcessor = 0, ...warmProcessor] = rates(({ processor }) => processor);
  console.log(
    JSON.stringify({
      cold,
      warm: Math.max(...warm),
      cold_processor: coldProcessor,
      warm_processor: Math.max(...warmProcessor),
      ids: done.reduce((sum, part) => sum + part.ids, 0),
    }),
  );
}
