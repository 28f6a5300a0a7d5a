import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { Contestant } from '../measure/process.js';
import { median } from '../measure/statistics.js';

/** Threads of every contestant. */
export const THREADS = '2';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @typedef {object} Setting
 * @property {string} name of the model
 * @property {string} precision fp32, tf32 or bf16
 * @property {'cpu' | 'cuda' | 'webgpu'} device
 * @property {number} batch
 * @property {string} dataset
 * @property {string | undefined} python
 * @property {string} folder
 */

/**
 * Starts what is measured for a model and a precision; all stay alive until the last round.
 * @param {Setting} setting
 * @param {readonly string[]} engines of ours
 */
export async function startContestants(setting, engines) {
  const { name, precision, device, batch, dataset, python, folder } = setting;
  /** @type {Contestant[]} */
  const list = [];
  for (const engine of engines) {
    const output = path.join(folder, `out-${engine}`);
    const args = [here('ours.js'), dataset, name, engine, precision, device, String(batch), THREADS, output];
    list.push(new Contestant(`mlm, ${engine}`, process.execPath, args));
  }
  if (!python) return list;
  if (device === 'webgpu') {
    log('no PyTorch: it does not run on WebGPU');
    return list;
  }
  const pytorch = (/** @type {string} */ title, /** @type {string} */ mode) => {
    const args = [here('peers/pytorch.py'), dataset, name, precision, device, mode, String(batch), THREADS];
    return new Contestant(title, python, args);
  };
  list.push(pytorch('PyTorch, as users run it', 'users'));
  const best = [
    pytorch('PyTorch at its best, eager', 'best-eager'),
    pytorch('PyTorch at its best, compiled', 'best-compiled'),
  ];
  return [...list, ...(device === 'cpu' ? [await fasterOf(best)] : best)];
}

/**
 * The engines that this machine has for a precision on a device.
 * @param {string} precision
 * @param {'cpu' | 'cuda' | 'webgpu'} device
 */
export async function engines(precision, device) {
  const { probeEngine, readInstallation } = await import('@mlm/engines');
  /** @type {('onnx' | 'tensorflow')[]} */
  const candidates = [];
  if (precision === 'fp32' && device !== 'cuda') candidates.push('onnx');
  if (device !== 'webgpu') candidates.push('tensorflow');
  const found = [];
  for (const engine of candidates) {
    const works =
      device !== 'cpu'
        ? await probeEngine({ engine, device })
        : { works: engine === 'onnx' || (await readInstallation().catch(() => undefined)) !== undefined };
    if (works.works) found.push(engine);
    else log(`no ${engine} engine: ${'error' in works ? works.error : 'run `pnpm mlm setup tensorflow`'}`);
  }
  return found;
}

/**
 * PyTorch at its best: the faster of eager and torch.compile on this model.
 * @param {Contestant[]} both
 */
async function fasterOf(both) {
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
