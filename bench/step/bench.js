import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { runMlm } from '../measure/mlm.js';
import { runProcess } from '../measure/process.js';
import { median } from '../measure/statistics.js';
import { figure, table } from '../measure/table.js';
import { rowsFor } from '../train/bench.js';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const SEQUENCE = 128;
const STEPS = '8';

/** @typedef {{ first: number, seconds: number[], update: number, masks: number }} Run */

/**
 * What a step of ours spends beside the model itself, and how soon the first one is done.
 * @param {{ models: string[], rounds: number }} options
 */
export async function benchStep({ models, rounds }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const results = [];
    for (const model of models) results.push(await measure(model, rounds, folder));
    const rows = results.map(({ model, batch, uncached, cached, step, update, masks, dropout }) => [
      `${model} ${batch} × ${SEQUENCE}`,
      figure(uncached),
      figure(cached),
      figure(1000 * step),
      share(update),
      share(masks),
      share(dropout),
    ]);
    const header = [
      'onnx engine',
      's to first step',
      'with cache',
      'ms a step',
      'update',
      'drawing masks',
      'dropout in all',
    ];
    return { text: table(header, rows), json: { models: results } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} model
 * @param {number} rounds
 * @param {string} folder
 */
async function measure(model, rounds, folder) {
  const batch = rowsFor(model);
  const dataset = path.join(folder, `rows-${batch}.arrow`);
  const corpus = here('../../packages/cli/demo/corpus/01-genesis.txt');
  const cut = ['--sequence-length', String(SEQUENCE), '--limit', String(batch), '--overwrite'];
  await runMlm('preprocess', corpus, dataset, ...cut, '--json');
  const environment = { MLM_CACHE: path.join(folder, `cache-${model}`) };
  /** @returns {Promise<Run>} */
  const run = async (/** @type {string} */ dropout) => {
    const args = [dataset, model, String(batch), dropout, STEPS, path.join(folder, 'out')];
    return JSON.parse((await runProcess(process.execPath, [here('run.js'), ...args], environment)).stdout);
  };
  const { first: uncached } = await run('0.1');
  await run('0'); // another graph, now cached as well
  /** @type {Run[]} */
  const usual = [];
  /** @type {Run[]} */
  const without = [];
  for (let round = 0; round < rounds; round++) {
    usual.push(await run('0.1'));
    without.push(await run('0'));
    log(`${model}, round ${round + 1}: ${(1000 * median(usual.at(-1)?.seconds ?? [])).toFixed(0)} ms a step`);
  }
  const step = (/** @type {Run} */ { seconds }) => median(seconds);
  return {
    model,
    batch,
    uncached,
    cached: median(usual.map(({ first }) => first)),
    step: median(usual.map(step)),
    update: median(usual.map(({ update }) => update)),
    masks: median(usual.map(({ masks }) => masks)),
    dropout: median(usual.map((one, i) => 1 - step(/** @type {Run} */ (without[i])) / step(one))),
  };
}

/** @param {number} value */
const share = (value) => `${(100 * value).toFixed(1)} %`;
