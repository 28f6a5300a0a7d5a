import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { runMlm } from '../measure/mlm.js';
import { runProcess } from '../measure/process.js';
import { findPython } from '../measure/python.js';
import { figure, table } from '../measure/table.js';
import { writeBrown } from './brown.js';

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));
const MODEL = 'bert-mini';
const settings = { sequence_length: 128, batch_size: 8, learning_rate: 5e-4, seed: 42, threads: 2 };

/** @param {{ steps: number, python: string | undefined }} options */
export async function benchConvergence({ steps, python: given }) {
  const python = findPython(given, ['torch', 'transformers', 'accelerate', 'pyarrow']);
  if (!python) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  const at = (/** @type {string} */ name) => path.join(folder, name);
  const text = at('brown.txt');
  const dataset = at('brown.arrow');
  const validation = at('brown.eval.arrow');
  const ours = at('ours');
  const theirs = at('theirs');
  try {
    writeBrown(text);
    const cut = ['--sequence-length', String(settings.sequence_length), '--eval-fraction', '0.1'];
    const { rows } = await runMlm('preprocess', text, dataset, ...cut, '--json');
    log(`Brown: ${rows} rows`);

    const warmup = Math.round(0.06 * steps);
    const schedule = ['--max-steps', String(steps), '--warmup', String(warmup)];
    schedule.push(
      '--batch-size',
      String(settings.batch_size),
      '--learning-rate',
      String(settings.learning_rate),
    );
    const same = ['--seed', String(settings.seed), '--threads', String(settings.threads)];
    const started = performance.now();
    await runMlm('train', dataset, '--model', MODEL, '--output', ours, ...schedule, ...same, '--json');
    const seconds = (performance.now() - started) / 1000;
    log(`mlm: ${seconds.toFixed(0)} s`);

    const given = JSON.stringify({ ...settings, steps, warmup_steps: warmup, config: ours });
    const trained = await runProcess(python, [here('peers/trainer.py'), dataset, given, theirs]);
    const printed = JSON.parse(/** @type {string} */ (trained.stdout.trim().split('\n').at(-1)));
    for (const file of ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'])
      copyFileSync(path.join(ours, file), path.join(theirs, file));

    // One ruler for both: the checkpoints are scored by the same program, on the same rows.
    const [ourLoss, theirLoss] = [
      (await runMlm('eval', validation, '--model', ours, '--json')).loss,
      (await runMlm('eval', validation, '--model', theirs, '--json')).loss,
    ];
    const difference = ourLoss / theirLoss - 1;
    const lines = [
      ['mlm', ourLoss.toFixed(4), figure(seconds)],
      ["transformers' Trainer", theirLoss.toFixed(4), figure(printed.seconds)],
    ];
    const title = `${MODEL} on Brown, ${steps} steps of ${settings.batch_size} × ${settings.sequence_length}`;
    const verdict = `Validation loss ${(100 * difference).toFixed(2)} % from the Trainer's.`;
    return {
      text: `${table([title, 'validation loss', 'seconds'], lines)}\n\n${verdict}`,
      json: {
        settings,
        steps,
        ours: { loss: ourLoss, seconds },
        theirs: { loss: theirLoss, ...printed },
        difference,
      },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
