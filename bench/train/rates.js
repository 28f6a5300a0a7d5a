import { fileURLToPath } from 'node:url';
import { Contestant } from '../measure/process.js';
import { median } from '../measure/statistics.js';
import { figure } from '../measure/table.js';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/** Sides of the square matrices that are multiplied; the best rate counts. */
const sides = { cpu: ['1024', '2048'], webgpu: ['2048', '4096'], cuda: ['4096', '8192'] };

/** What multiplies in each engine. @type {Record<string, string>} */
const libraries = { onnx: 'onnxruntime', tensorflow: 'TensorFlow', xla: 'XLA' };

/** What a machine's matrix products reach: the best of what PyTorch, onnxruntime, TensorFlow and XLA make of it. */
export class MatmulRates {
  /** @type {{ contestant: Contestant, rates: number[] }[]} */
  #sources = [];

  /**
   * @param {string} precision
   * @param {'cpu' | 'cuda' | 'webgpu'} device
   * @param {string} threads
   * @param {readonly string[]} engines of ours, that work there
   * @param {string | undefined} python
   */
  constructor(precision, device, threads, engines, python) {
    const args = [precision, device, threads, ...sides[device]];
    const add = (/** @type {string} */ name, /** @type {string} */ command, /** @type {string[]} */ rest) =>
      this.#sources.push({ contestant: new Contestant(name, command, rest), rates: [] });
    for (const engine of engines)
      add(libraries[engine] ?? engine, process.execPath, [here('matmul.js'), engine, ...args]);
    if (python && device !== 'webgpu') add('PyTorch', python, [here('peers/matmul.py'), ...args]);
  }

  async measure() {
    for (const { contestant, rates } of this.#sources) rates.push((await contestant.ask({})).rate);
  }

  /** The best source's rate in FLOP/s, and all of them. */
  summary() {
    const all = this.#sources
      .map(({ contestant, rates }) => ({ name: contestant.name, rate: median(rates) }))
      .sort((a, b) => b.rate - a.rate);
    const [best, ...others] = all.map(({ name, rate }) => `${figure(rate / 1e9)} GFLOP/s by ${name}`);
    const text =
      best === undefined ? '' : `matmul rate: ${best}${others.length ? ` (${others.join(', ')})` : ''}`;
    return { rate: all[0]?.rate ?? Number.NaN, sources: all, text };
  }

  async end() {
    for (const { contestant } of this.#sources) await contestant.end();
  }
}
