import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { runProcess } from '../measure/process.js';
import { median, medianRatio } from '../measure/statistics.js';
import { figure, table } from '../measure/table.js';
import { eachTokenizer } from './each-tokenizer.js';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const MODELS = ['bpe', 'unigram'];

/** @typedef {{ seconds: number, processor: number, peakBytes: number }} Run */

/**
 * Whole processes, start-up included, two threads each: `mlm preprocess`, which also packs, masks and writes the rows, beside
 * a Python program that only encodes the lines of the text with Rust tokenizers' `encode_batch_fast`. Interleaved rounds.
 * @param {{ corpora: string[], rounds: number, python: string | undefined }} options
 */
export async function benchWhole({ corpora, rounds, python: given }) {
  const rows = await eachTokenizer({ corpora, models: MODELS, python: given }, async (on) => {
    const { corpus, model, tokenizer, folder, python } = on;
    const output = path.join(folder, 'out.arrow');
    const mlm = [here('../../packages/cli/bin/mlm.js'), 'preprocess', corpus, output, '--overwrite'];
    mlm.push('--tokenizer', tokenizer, '--sequence-length', '128', '--workers', '2', '--json');
    /** @type {Run[]} */
    const ours = [];
    /** @type {Run[]} */
    const rust = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await measured(process.execPath, mlm));
      rust.push(await measured(python, [here('rust_whole.py'), tokenizer, corpus, '2']));
      log(
        `${path.basename(corpus)}, ${model}: ${figure(ours.at(-1)?.seconds ?? 0)} s, Rust ${figure(rust.at(-1)?.seconds ?? 0)} s`,
      );
    }
    return [{ text: path.basename(corpus, '.txt'), bytes: statSync(corpus).size, model, ours, rust }];
  });
  if (!rows) return undefined;
  const text = table(
    [
      'text',
      'MB',
      'model',
      'mlm, s',
      'processor s',
      'peak MB',
      'Rust, s',
      'processor s',
      'peak MB',
      'mlm is',
      'by processor time',
    ],
    rows.map(({ text, bytes, model, ours, rust }) => [
      text,
      figure(bytes / 1e6),
      model,
      ...[ours, rust].flatMap((runs) => [
        figure(median(runs.map(({ seconds }) => seconds))),
        figure(median(runs.map(({ processor }) => processor))),
        figure(Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1e6),
      ]),
      `${figure(
        medianRatio(
          rust.map(({ seconds }) => seconds),
          ours.map(({ seconds }) => seconds),
        ),
      )} ×`,
      `${figure(
        medianRatio(
          rust.map(({ processor }) => processor),
          ours.map(({ processor }) => processor),
        ),
      )} ×`,
    ]),
  );
  return { text, json: rows };
}

/** @param {string} command @param {string[]} args @returns {Promise<Run>} */
async function measured(command, args) {
  const { seconds, processorSeconds, peakBytes } = await runProcess(command, args);
  return { seconds, processor: processorSeconds, peakBytes };
}
