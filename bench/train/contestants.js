import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { Contestant } from '../measure/process.js';
import { median } from '../measure/statistics.js';

/** Threads of every contestant. */
export const THREADS = '2';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Starts what is measured for a model and a precision; all stay alive until the last round.
 * @param {string} name
 * @param {string} precision
 * @param {number} batch
 * @param {string} dataset
 * @param {string | undefined} python
 * @param {string} folder
 */
export async function startContestants(name, precision, batch, dataset, python, folder) {
  /** @type {Contestant[]} */
  const list = [];
  for (const engine of await engines(precision)) {
    const output = path.join(folder, `out-${engine}`);
    const args = [here('ours.js'), dataset, name, engine, precision, String(batch), THREADS, output];
    list.push(new Contestant(`mlm, ${engine}`, process.execPath, args));
  }
  if (!python) return list;
  const pytorch = (/** @type {string} */ title, /** @type {string} */ mode) =>
    new Contestant(title, python, [
      here('peers/pytorch.py'),
      dataset,
      name,
      precision,
      mode,
      String(batch),
      THREADS,
    ]);
  list.push(pytorch('PyTorch, as users run it', 'users'), await fasterOf(pytorch));
  return list;
}

/** The engines that this machine has for a precision. @param {string} precision */
async function engines(precision) {
  const { readInstallation } = await import('@mlm/compile');
  const tensorflow = await Promise.resolve(readInstallation()).catch(() => undefined);
  if (!tensorflow) log('no tensorflow engine: run `pnpm mlm setup tensorflow`');
  return [...(precision === 'fp32' ? ['onnx'] : []), ...(tensorflow ? ['tensorflow'] : [])];
}

/**
 * PyTorch at its best: the faster of eager and torch.compile on this model.
 * @param {(title: string, mode: string) => Contestant} pytorch
 */
async function fasterOf(pytorch) {
  const both = [
    pytorch('PyTorch at its best, eager', 'best-eager'),
    pytorch('PyTorch at its best, compiled', 'best-compiled'),
  ];
  const seconds = [];
  for (const contestant of both) {
    await contestant.ask({ steps: 3 });
    seconds.push(median((await contestant.ask({ steps: 5 })).seconds));
  }
  const [eager, compiled] = /** @type {[Contestant, Contestant]} */ (both);
  const [faster, slower] =
    /** @type {number} */ (seconds[0]) <= /** @type {number} */ (seconds[1])
      ? [eager, compiled]
      : [compiled, eager];
  await slower.end();
  return faster;
}
