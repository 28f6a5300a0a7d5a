import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDataset } from '@mlm/arrow';
import { dynamicRule, loadBatches, planData } from '@mlm/train';
import { log } from '../measure/log.js';
import { median } from '../measure/statistics.js';
import { figure, table } from '../measure/table.js';
import { tokenizer, writeRows } from './rows.js';

const BATCH = 32;
const SEQUENCE = 128;
/** 17 M tokens packed. */
const UNITS = 32;
/** The first epoch has the dataset's own masks, the others draw new ones where masking is dynamic. */
const EPOCHS = 3;

const shapes = [
  { name: 'packed, static', ragged: false, dynamic: false },
  { name: 'packed, dynamic', ragged: false, dynamic: true },
  { name: 'ragged, static', ragged: true, dynamic: false },
];

/**
 * Batches through the real loader, whose threads read, shuffle, mask and assemble, to a consumer that does nothing.
 * @param {{ rounds: number }} options
 */
export async function benchLoader({ rounds }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const cases = [];
    for (const ragged of [false, true]) {
      const file = path.join(folder, ragged ? 'ragged.arrow' : 'packed.arrow');
      await writeRows(file, { units: UNITS, sequence: SEQUENCE, ragged });
      for (const shape of shapes) {
        if (shape.ragged !== ragged) continue;
        for (const threads of [1, 2]) cases.push(await prepare(file, shape, threads));
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const { name, threads, run, results } of cases) {
        const result = await run();
        results.push(result);
        log(
          `round ${round + 1}: ${name}, ${threads} threads: ${figure(result.tokens / result.seconds)} tokens/s`,
        );
      }
    }
    for (const { close } of cases) await close();
    return {
      text: resultTable(cases),
      json: { cases: cases.map(({ name, threads, results }) => ({ name, threads, rounds: results })) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @typedef {{ tokens: number, seconds: number, cpuSeconds: number, firstSeconds: number }} Result */

/**
 * @param {string} file
 * @param {(typeof shapes)[number]} shape
 * @param {number} threads
 */
async function prepare(file, { name, dynamic }, threads) {
  const dataset = await openDataset(file);
  const plan = await planData(dataset, {
    batchSize: BATCH,
    tokenizer,
    vocabularySize: tokenizer.vocabulary_size,
    shuffleSeed: 1,
    ...(dynamic && { dynamicRule: await dynamicRule(dataset, tokenizer, 42) }),
  });
  const from = { epoch: dynamic ? 1 : 0, batch: 0 };
  /** @returns {Promise<Result>} */
  const run = async () => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    let firstSeconds = 0;
    let tokens = 0;
    for await (const batch of loadBatches(dataset, plan, { from, epochs: EPOCHS, threads })) {
      firstSeconds ||= (performance.now() - started) / 1000;
      tokens += batch.tokens;
    }
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { tokens, seconds, cpuSeconds: (user + system) / 1e6, firstSeconds };
  };
  return { name, threads, run, close: () => dataset.close(), results: /** @type {Result[]} */ ([]) };
}

/** @param {{ name: string, threads: number, results: Result[] }[]} cases */
function resultTable(cases) {
  /** @param {Result[]} results @param {(result: Result) => number} of */
  const middle = (results, of) => figure(median(results.map(of)));
  return table(
    [`${BATCH} × ${SEQUENCE}`, 'threads', 'M tokens/s', 'M tokens per CPU second', 'ms to the first batch'],
    cases.map(({ name, threads, results }) => [
      name,
      String(threads),
      middle(results, ({ tokens, seconds }) => tokens / seconds / 1e6),
      middle(results, ({ tokens, cpuSeconds }) => tokens / cpuSeconds / 1e6),
      middle(results, ({ firstSeconds }) => 1000 * firstSeconds),
    ]),
  );
}
