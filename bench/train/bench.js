import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { listColumn, openDataset } from '@mlm/arrow';
import { log } from '../measure/log.js';
import { runProcess } from '../measure/process.js';
import { findPython } from '../measure/python.js';
import { median, medianRatio } from '../measure/statistics.js';
import { figure, table, times } from '../measure/table.js';
import { engines, startContestants } from './contestants.js';
import { matmulFlops } from './flops.js';
import { MatmulRates } from './rates.js';

const SEQUENCE = 128;
const VOCABULARY = 30522;
/** A round of a contestant takes about this long. */
const ROUND_SECONDS = 1.5;

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
/** @type {Record<string, [layers: number, hidden: number, heads: number]>} */
const models = JSON.parse(readFileSync(here('models.json'), 'utf8'));

/**
 * @typedef {object} Figures
 * @property {string} name
 * @property {number[]} rounds median seconds of a step, by round
 * @property {number} peakBytes
 * @property {number} firstLoss loss of the first step, dropout on
 */

/** @typedef {'cpu' | 'cuda' | 'webgpu'} Device */

/**
 * @param {{ models: string[], precisions: string[], device: Device, rounds: number, python: string | undefined }} options
 */
export async function benchTrain({ models: names, precisions, device, rounds, python: given }) {
  const python = findPython(given, ['torch', 'transformers', 'pyarrow']);
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const results = [];
    for (const name of names)
      for (const precision of precisions)
        results.push(await benchModel({ name, precision, device, python, folder }, rounds));
    return {
      text: results.map(({ text }) => text).join('\n\n'),
      json: { models: results.map(({ json }) => json) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Omit<import('./contestants.js').Setting, 'batch' | 'dataset'>} setting
 * @param {number} rounds
 */
async function benchModel(setting, rounds) {
  const { name, precision, device, python, folder } = setting;
  // A GPU needs more rows to be busy.
  const batch = (name === 'bert-base' ? 8 : 32) * (device === 'cpu' ? 1 : 8);
  const dataset = path.join(folder, `rows-${batch}.arrow`);
  const corpus = here('../../packages/cli/demo/corpus/01-genesis.txt');
  const mlm = here('../../packages/cli/bin/mlm.js');
  const cut = ['--sequence-length', String(SEQUENCE), '--limit', String(batch), '--overwrite'];
  await runProcess(process.execPath, [mlm, 'preprocess', corpus, dataset, ...cut]);
  const masked = await countMasked(dataset);

  const ours = await engines(precision, device);
  const list = await startContestants({ ...setting, batch, dataset }, ours);
  /** @type {Figures[]} */
  const figures = list.map((contestant) => ({
    name: contestant.name,
    rounds: [],
    peakBytes: 0,
    firstLoss: Number.NaN,
  }));
  const matmul = new MatmulRates(precision, device, ours, python);
  const steps = list.map(() => 1);
  // Round 0 warms up and tells how many steps fill a round.
  for (let round = 0; round <= rounds; round++) {
    await matmul.measure();
    for (const [i, contestant] of list.entries()) {
      const figure = /** @type {Figures} */ (figures[i]);
      const { seconds, losses } = await contestant.ask({ steps: round ? steps[i] : 3 });
      const step = median(round ? seconds : seconds.slice(1));
      if (round) figure.rounds.push(step);
      else {
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

  const [layers, hidden] = /** @type {[number, number, number]} */ (models[name]);
  const flops = matmulFlops({ layers, hidden, vocabulary: VOCABULARY, batch, sequence: SEQUENCE, masked });
  const { rate, sources, text } = matmul.summary();
  const title = `${name} ${batch} × ${SEQUENCE}, ${precision}${device === 'cpu' ? '' : ` on ${device}`}`;
  return {
    text: `${resultTable(title, figures, batch * SEQUENCE, flops / rate)}\n\n${text}`,
    json: {
      model: name,
      batch,
      sequence: SEQUENCE,
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

/** @param {string} dataset */
async function countMasked(dataset) {
  const opened = await openDataset(dataset);
  let masked = 0;
  for await (const rows of opened)
    for (const label of listColumn(rows, 'labels').values) masked += label === -100 ? 0 : 1;
  await opened.close();
  return masked;
}

/**
 * @param {string} title
 * @param {Figures[]} figures
 * @param {number} tokens in a step
 * @param {number} matmulSeconds how long the step's matrix products take at the machine's own rate
 */
function resultTable(title, figures, tokens, matmulSeconds) {
  const peers = figures.filter(({ name }) => name.startsWith('PyTorch'));
  const rows = figures.map(({ name, rounds, peakBytes }) => {
    const step = median(rounds);
    return [
      name,
      figure(1000 * step),
      figure(tokens / step),
      Number.isFinite(matmulSeconds) ? `${Math.round((100 * matmulSeconds) / step)} %` : '',
      figure(peakBytes / 1e6),
      ...peers.map((peer) => times(medianRatio(peer.rounds, rounds))),
    ];
  });
  const header = [title, 'ms a step', 'tokens/s', 'of matmul rate', 'peak MB'];
  return table([...header, ...peers.map(({ name }) => `× ${name.replace('PyTorch', 'PT')}`)], rows);
}
