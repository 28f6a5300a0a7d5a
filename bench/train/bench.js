import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { listColumn, openDataset } from '@mlm/arrow';
import { presetModel } from '@mlm/train';
import { log } from '../measure/log.js';
import { runProcess } from '../measure/process.js';
import { findPython } from '../measure/python.js';
import { median, medianRatio } from '../measure/statistics.js';
import { figure, table, times } from '../measure/table.js';
import { engines, startContestants } from './contestants.js';
import { matmulFlops } from './flops.js';
import { MatmulRates } from './rates.js';

const SEQUENCE = 128;
/** A round of a contestant takes about this long. */
const ROUND_SECONDS = 1.5;

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @typedef {object} Figures
 * @property {string} name
 * @property {number[]} rounds median seconds of a step, by round
 * @property {number[]} processor mean seconds of processor time of a step, all threads together, by round
 * @property {number} peakBytes
 * @property {number} firstLoss loss of the first step, dropout on
 */

/** @typedef {'cpu' | 'cuda' | 'webgpu'} Device */

/**
 * @param {{ models: string[], precisions: string[], device: Device, rounds: number, python: string | undefined,
 *   threads: string, batchSize: number | undefined }} options `batchSize`: default by the size of the model
 */
export async function benchTrain({ models: names, precisions, device, rounds, python: given, ...options }) {
  const python = findPython(given, ['torch', 'transformers', 'pyarrow']);
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const results = [];
    for (const name of names)
      for (const precision of precisions)
        results.push(await benchModel({ name, precision, device, python, folder, ...options }, rounds));
    return {
      text: results.map(({ text }) => text).join('\n\n'),
      json: { models: results.map(({ json }) => json) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Omit<import('./contestants.js').Setting, 'batch' | 'dataset' | 'config'> & { batchSize: number | undefined }} setting
 * @param {number} rounds
 */
async function benchModel(setting, rounds) {
  const { name, precision, device, python, folder, threads } = setting;
  // A GPU needs more rows to be busy.
  const batch = setting.batchSize ?? rowsFor(name) * (device === 'cpu' ? 1 : 8);
  const dataset = path.join(folder, `rows-${batch}.arrow`);
  const corpus = here('../../packages/cli/demo/corpus/01-genesis.txt');
  const mlm = here('../../packages/cli/bin/mlm.js');
  const cut = ['--sequence-length', String(SEQUENCE), '--limit', String(batch), '--overwrite'];
  await runProcess(process.execPath, [mlm, 'preprocess', corpus, dataset, ...cut]);
  const { masked, tokenizer } = await read(dataset);
  const model = presetModel(name, tokenizer.vocabulary_size, tokenizer.special_ids);
  const config = path.join(folder, `${name}-config`);
  mkdirSync(config, { recursive: true });
  writeFileSync(path.join(config, 'config.json'), model.formatConfig());

  const ours = await engines(precision, device);
  const list = await startContestants({ ...setting, batch, dataset, config }, ours);
  /** @type {Figures[]} */
  const figures = list.map((contestant) => ({
    name: contestant.name,
    rounds: [],
    processor: [],
    peakBytes: 0,
    firstLoss: Number.NaN,
  }));
  const matmul = new MatmulRates(precision, device, threads, ours, python);
  const steps = list.map(() => 1);
  // Round 0 warms up and tells how many steps fill a round.
  for (let round = 0; round <= rounds; round++) {
    await matmul.measure();
    for (const [i, contestant] of list.entries()) {
      const figure = /** @type {Figures} */ (figures[i]);
      const { seconds, processor, losses } = await contestant.ask({ steps: round ? steps[i] : 3 });
      const step = median(round ? seconds : seconds.slice(1));
      if (round) {
        figure.rounds.push(step);
        figure.processor.push(processor / seconds.length);
      } else {
        figure.firstLoss = losses[0];
        steps[i] = Math.max(2, Math.round(ROUND_SECONDS / step));
      }
      log(`${name} ${precision}, round ${round}: ${contestant.name} ${(1000 * step).toFixed(0)} ms`);
    }
  }
  for (const [i, contestant] of list.entries()) {
    /** @type {Figures} */ (figures[i]).peakBytes = contestant.peakBytes();
    await contestant.end();
  }
  await matmul.end();

  const flops = matmulFlops(model, { batch, sequence: SEQUENCE, masked });
  const { rate, sources, text } = matmul.summary();
  const title = `${name} ${batch} × ${SEQUENCE}, ${precision}${device === 'cpu' ? '' : ` on ${device}`}`;
  return {
    text: `${resultTable(title, figures, batch * SEQUENCE, flops / rate)}\n\n${text}`,
    json: {
      model: name,
      batch,
      sequence: SEQUENCE,
      threads,
      masked,
      precision,
      matmulFlops: flops,
      device,
      matmulRate: rate,
      matmulRates: sources,
      figures,
    },
  };
}

/**
 * Rows of a batch that a CPU computes in seconds.
 * @param {string} name of a new model
 */
export const rowsFor = (name) => (/-(base|large)/.test(name) ? 8 : 32);

/** How many tokens are masked, and the tokenizer. @param {string} dataset */
async function read(dataset) {
  const opened = await openDataset(dataset);
  let masked = 0;
  for await (const rows of opened)
    for (const label of listColumn(rows, 'labels').values) masked += label === -100 ? 0 : 1;
  const tokenizer = opened.metadata?.tokenizer;
  await opened.close();
  if (!tokenizer) throw new Error(`${dataset}: has no tokenizer`);
  return { masked, tokenizer };
}

/**
 * @param {string} title
 * @param {Figures[]} figures
 * @param {number} tokens in a step
 * @param {number} matmulSeconds how long the step's matrix products take at the machine's own rate
 */
function resultTable(title, figures, tokens, matmulSeconds) {
  const peers = figures.filter(({ name }) => name.startsWith('PyTorch'));
  const rows = figures.map(({ name, rounds, processor, peakBytes }) => {
    const step = median(rounds);
    return [
      name,
      figure(1000 * step),
      figure(1000 * median(processor)),
      figure(tokens / step),
      Number.isFinite(matmulSeconds) ? `${Math.round((100 * matmulSeconds) / step)} %` : '',
      figure(peakBytes / 1e6),
      ...peers.map((peer) => times(medianRatio(peer.rounds, rounds))),
      ...peers.map((peer) => times(medianRatio(peer.processor, processor))),
    ];
  });
  const header = [title, 'ms a step', 'of processor', 'tokens/s', 'of matmul rate', 'peak MB'];
  const names = peers.map(({ name }) => `× ${name.replace('PyTorch', 'PT')}`);
  return table([...header, ...names, ...names.map((name) => `${name}, processor`)], rows);
}
