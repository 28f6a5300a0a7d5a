import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeBrown } from '../convergence/brown.js';
import { log } from '../measure/log.js';
import { runMlm } from '../measure/mlm.js';
import { figure, table } from '../measure/table.js';

const settings = { sequence_length: 128, batch_size: 8, learning_rate: 5e-4, seed: 42 };
const precisions = /** @type {const} */ (['fp32', 'bf16']);

/**
 * Trains one model twice on Brown, the same but for the precision, beside each other on a thread each, and scores both
 * checkpoints on the validation rows in fp32.
 * @param {{ model: string, steps: number, engine: string, batchSize?: number | undefined }} options
 */
export async function benchPrecision({ model, steps, engine, batchSize = settings.batch_size }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  const at = (/** @type {string} */ name) => path.join(folder, name);
  try {
    writeBrown(at('brown.txt'));
    const cut = ['--sequence-length', String(settings.sequence_length), '--eval-fraction', '0.1'];
    const { rows } = await runMlm('preprocess', at('brown.txt'), at('brown.arrow'), ...cut, '--json');
    log(`Brown: ${rows} rows`);
    const place = ['--engine', engine, '--device', 'cpu'];
    const schedule = ['--max-steps', String(steps), '--warmup', String(Math.round(0.06 * steps))];
    const rate = ['--learning-rate', String(settings.learning_rate), '--seed', String(settings.seed)];
    const same = [...place, ...schedule, ...rate, '--batch-size', String(batchSize), '--threads', '1'];
    const run = async (/** @type {string} */ precision) => {
      const output = at(precision);
      const own = ['--model', model, '--output', output, '--precision', precision];
      const started = performance.now();
      await runMlm('train', at('brown.arrow'), ...own, ...same, '--json');
      const seconds = (performance.now() - started) / 1000;
      const { loss } = await runMlm('eval', at('brown.eval.arrow'), '--model', output, ...place, '--json');
      log(`${precision}: validation loss ${loss}, ${seconds.toFixed(0)} s`);
      return { precision, loss, seconds, losses: trainingLosses(output) };
    };
    const title = `${model} on Brown, ${engine}, ${steps} steps of ${batchSize} × ${settings.sequence_length}`;
    return report(title, await Promise.all(precisions.map(run)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} output the folder of a run */
function trainingLosses(output) {
  const lines = readFileSync(path.join(output, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line))
    .flatMap(({ loss }) => (typeof loss === 'number' ? [loss] : []));
}

/**
 * @param {string} title
 * @param {{ precision: string, loss: number, seconds: number, losses: number[] }[]} runs
 */
function report(title, runs) {
  const [fp32, bf16] = /** @type {[typeof runs[number], typeof runs[number]]} */ (runs);
  const difference = bf16.loss / fp32.loss - 1;
  const lines = runs.map(({ precision, loss, seconds }) => [precision, loss.toFixed(4), figure(seconds)]);
  const verdict = `bf16's validation loss is ${(100 * difference).toFixed(2)} % from fp32's.`;
  return {
    text: `${table([title, 'validation loss', 'seconds'], lines)}\n\n${verdict}`,
    json: { title, settings, runs, difference },
  };
}
