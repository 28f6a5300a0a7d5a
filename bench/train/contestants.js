import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { Contestant } from '../measure/process.js';
import { median } from '../measure/statistics.js';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @typedef {object} Setting
 * @property {string} name of the model
 * @property {string} precision fp32, tf32 or bf16
 * @property {'cpu' | 'cuda' | 'webgpu'} device
 * @property {number} batch
 * @property {string} dataset
 * @property {string} config folder of the model's config.json
 * @property {string} threads of every contestant
 * @property {string | undefined} python
 * @property {string} folder
 */

/**
 * Starts what is measured for a model and a precision; all stay alive until the last round.
 * @param {Setting} setting
 * @param {readonly string[]} engines of ours
 */
export async function startContestants(setting, engines) {
  const { name, precision, device, batch, dataset, config, threads, python, folder } = setting;
  /** @type {Contestant[]} */
  const list = [];
  for (const engine of engines) {
    const output = path.join(folder, `out-${engine}`);
    const args = [here('ours.js'), dataset, name, engine, precision, device, String(batch), threads, output];
    list.push(new Contestant(`mlm, ${engine}`, process.execPath, args));
  }
  if (!python) return list;
  if (device === 'webgpu') {
    log('no PyTorch: it does not run on WebGPU');
    return list;
  }
  const pytorch = (/** @type {string} */ title, /** @type {string} */ mode) => {
    const args = [here('peers/pytorch.py'), dataset, config, precision, device, mode, String(batch), threads];
    return new Contestant(title, python, args);
  };
  list.push(pytorch('PyTorch, as users run it', 'users'));
  const best = [
    pytorch('PyTorch at its best, sdpa', 'best-sdpa'),
    pytorch('PyTorch at its best, eager', 'best-eager'),
    pytorch('PyTorch at its best, compiled', 'best-compiled'),
  ];
  return [...list, ...(device === 'cpu' ? [await fastestOf(best)] : best)];
}

/**
 * The engines that this machine has for a precision on a device.
 * @param {string} precision
 * @param {'cpu' | 'cuda' | 'webgpu'} device
 */
export async function engines(precision, device) {
  const { probeEngine, readInstallation } = await import('@mlm/engines');
  /** @type {('onnx' | 'tensorflow' | 'xla')[]} */
  const candidates = [];
  if (precision === 'fp32' && device !== 'cuda') candidates.push('onnx');
  if (device !== 'webgpu') candidates.push('tensorflow');
  // On the CPU, XLA's plugin is one for tests, so it takes part only when it is named.
  if (device === 'cuda' || (device === 'cpu' && process.env.MLM_PJRT_PLUGIN)) candidates.push('xla');
  const found = [];
  for (const engine of candidates) {
    const works =
      device !== 'cpu'
        ? await probeEngine({ engine, device })
        : {
            works: engine !== 'tensorflow' || (await readInstallation().catch(() => undefined)) !== undefined,
          };
    if (works.works) found.push(engine);
    else log(`no ${engine} engine: ${'error' in works ? works.error : 'run `pnpm mlm setup tensorflow`'}`);
  }
  return found;
}

/**
 * PyTorch at its best: the fastest of its two ways to attend, and of torch.compile, on this model.
 * @param {Contestant[]} all
 */
async function fastestOf(all) {
  /** @type {{ contestant: Contestant, seconds: number }[]} */
  const measured = [];
  for (const contestant of all) {
    await contestant.ask({ steps: 3 });
    measured.push({ contestant, seconds: median((await contestant.ask({ steps: 5 })).seconds) });
  }
  const [fastest, ...others] = measured.sort((a, b) => a.seconds - b.seconds);
  for (const { contestant } of others) await contestant.end();
  return /** @type {{ contestant: Contestant }} */ (fastest).contestant;
}
