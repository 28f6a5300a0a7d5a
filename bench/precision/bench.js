import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { runMlm } from '../measure/mlm.js';
import { figure, table } from '../measure/table.js';

const corpus = fileURLToPath(new URL('../../packages/cli/demo/corpus', import.meta.url));
const settings = { sequence_length: 128, batch_size: 8, learning_rate: 5e-4, seed: 42 };
const precisions = /** @type {const} */ (['fp32', 'bf16']);

/**
 * Trains one model twice on the tensorflow engine, the same but for the precision of its matrix products, and scores
 * both checkpoints on the validation rows in fp32.
 * @param {{ model: string, steps: number }} options
 */
export async function benchPrecision({ model, steps }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  const at = (/** @type {string} */ name) => path.join(folder, name);
  try {
    const cut = ['--sequence-length', String(settings.sequence_length), '--eval-fraction', '0.1'];
    const { rows } = await runMlm('preprocess', corpus, at('demo.arrow'), ...cut, '--json');
    log(`demo corpus: ${rows} rows`);
    const runs = [];
    for (const precision of precisions) {
      const output = at(precision);
      const run = ['--model', model, '--output', output, '--engine', 'tensorflow', '--precision', precision];
      const schedule = ['--max-steps', String(steps), '--warmup', String(Math.round(0.06 * steps))];
      const batch = ['--batch-size', String(settings.batch_size), '--seed', String(settings.seed)];
      const rate = ['--learning-rate', String(settings.learning_rate)];
      const started = performance.now();
      await runMlm(
        'train',
        at('demo.arrow'),
        ...run,
        ...schedule,
        ...batch,
        ...rate,
        '--device',
        'cpu',
        '--json',
      );
      const seconds = (performance.now() - started) / 1000;
      const { loss } = await runMlm(
        ...[
          'eval',
          at('demo.eval.arrow'),
          '--model',
          output,
          '--engine',
          'tensorflow',
          '--device',
          'cpu',
          '--json',
        ],
      );
      log(`${precision}: validation loss ${loss}, ${seconds.toFixed(0)} s`);
      runs.push({ precision, loss, seconds, losses: trainingLosses(output) });
    }
    return report(model, steps, runs);
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
 * @param {string} model
 * @param {number} steps
 * @param {{ precision: string, loss: number, seconds: number, losses: number[] }[]} runs
 */
function report(model, steps, runs) {
  const [fp32, bf16] = /** @type {[typeof runs[number], typeof runs[number]]} */ (runs);
  const difference = bf16.loss / fp32.loss - 1;
  const title = `${model} on the demo corpus, ${steps} steps of ${settings.batch_size} × ${settings.sequence_length}`;
  const lines = runs.map(({ precision, loss, seconds }) => [precision, loss.toFixed(4), figure(seconds)]);
  const verdict = `bf16's validation loss is ${(100 * difference).toFixed(2)} % from fp32's.`;
  return {
    text: `${table([title, 'validation loss', 'seconds'], lines)}\n\n${verdict}`,
    json: { model, steps, settings, runs, difference },
  };
}
