import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '../measure/log.js';
import { median } from '../measure/statistics.js';
import { figure, table } from '../measure/table.js';
import { eachTokenizer } from './each-tokenizer.js';

const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const MODELS = ['wordpiece', 'bpe', 'unigram'];
/** Bytes of each corpus: Rust tokenizers takes some seconds for them. */
const BYTES = 8e6;

/** @typedef {{ cold: number, warm: number, cold_processor: number, warm_processor: number }} Rates MB a second */

/**
 * Encoders alone, ours against Rust tokenizers' `encode_batch_fast`, on the same text in lines and with vocabularies that
 * Rust tokenizers trains on it; one thread against one, two against two, in interleaved rounds. Cold is the first pass of a
 * fresh encoder, warm the fastest of two more. Processor time compares on a busy machine too.
 * @param {{ corpora: string[], threads: number[], rounds: number, python: string | undefined }} options
 */
export async function benchTokenizers({ corpora, threads, rounds, python: given }) {
  const rows = await eachTokenizer({ corpora, models: MODELS, python: given }, async (on) =>
    threads.map((count) => measure(on, count)),
  );
  if (!rows) return undefined;
  const text = table(
    [
      'text',
      'model',
      'threads',
      'cold, MB/s',
      'warm, MB/s',
      'cold',
      'warm',
      'cold, processor time',
      'warm, processor time',
    ],
    rows.map(({ text, model, threads, ours, rust }) => [
      text,
      model,
      String(threads),
      figure(ours.cold),
      figure(ours.warm),
      `${figure(ours.cold / rust.cold)} ×`,
      `${figure(ours.warm / rust.warm)} ×`,
      `${figure(ours.cold_processor / rust.cold_processor)} ×`,
      `${figure(ours.warm_processor / rust.warm_processor)} ×`,
    ]),
  );
  return { text, json: rows };

  /** @param {{ model: string, corpus: string, tokenizer: string, python: string }} on @param {number} threads */
  function measure({ model, corpus, tokenizer, python }, threads) {
    const args = [tokenizer, corpus, String(BYTES), String(threads)];
    /** @type {(Rates & { ids: number })[]} */
    const ours = [];
    /** @type {typeof ours} */
    const rust = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(run(process.execPath, [here('ours.js'), ...args]));
      rust.push(run(python, [here('rust.py'), ...args]));
      if (ours[0]?.ids !== rust[0]?.ids)
        throw new Error(`${model} on ${corpus}: ${ours[0]?.ids} ids, Rust tokenizers has ${rust[0]?.ids}`);
    }
    const text = path.basename(corpus, '.txt');
    log(`${text}, ${model}, ${threads} threads`);
    return { text, model, threads, ours: middle(ours), rust: middle(rust) };
  }
}

/** @param {string} program @param {string[]} args */
function run(program, args) {
  return JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
}

/** @param {Rates[]} runs @returns {Rates} */
function middle(runs) {
  const of = (/** @type {keyof Rates} */ name) => median(runs.map((run) => run[name]));
  return {
    cold: of('cold'),
    warm: of('warm'),
    cold_processor: of('cold_processor'),
    warm_processor: of('warm_processor'),
  };
}
