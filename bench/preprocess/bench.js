import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeCorpus, readCorpus } from '../corpus/describe.js';
import { log } from '../measure/log.js';
import { runProcess } from '../measure/process.js';
import { findPython } from '../measure/python.js';
import { median, medianRatio } from '../measure/statistics.js';
import { figure, table, times } from '../measure/table.js';

const SEQUENCE_LENGTH = '128';
/** Text for the tokenizers that would take minutes on all of it. */
const SMALL_BYTES = 8e6;
/** Rounds of Hugging Face's path, which takes minutes each. */
const SLOW_ROUNDS = 1;

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @typedef {{ tokens: number, seconds?: number | number[] }} Printed what a contestant prints as JSON
 * @typedef {{ seconds: number, peakBytes: number, tokens: number, passes: number[] }} Run
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => Promise<Run>} run
 * @property {number} bytes of text in a run
 * @property {number} [rounds] when it takes fewer than the others
 * @property {Run[]} runs
 */

/** @param {{ corpus: string, rounds: number, python: string | undefined }} options */
export async function benchPreprocess({ corpus, rounds, python: given }) {
  if (!existsSync(corpus))
    throw new Error(`${corpus}: no such text; build it with \`pnpm bench corpus\` or name one with --corpus`);
  const described = readCorpus(corpus);
  const python = findPython(given, ['nanotoken', 'datasets', 'transformers', 'pyarrow']);
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const { whole, alone } = await contestants(corpus, described.bytes, folder, python);
    await compete(whole, rounds);
    await compete(alone, rounds);
    const text = [
      describeCorpus(described),
      wholeTable(whole),
      aloneTable(alone),
      'Whole path: process start to exit, empty caches at the start; Python peers without their imports.',
      'Tokenizing alone: one thread, text in memory (nanotoken maps the file). Cold: first pass of a fresh tokenizer; warm: the second.',
    ].join('\n\n');
    const bare = (/** @type {Contestant[]} */ list) =>
      list.map(({ name, bytes, runs }) => ({ name, bytes, runs }));
    return { text, json: { corpus: described, whole: bare(whole), alone: bare(alone) } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} corpus
 * @param {number} bytes
 * @param {string} folder
 * @param {string | undefined} python
 */
async function contestants(corpus, bytes, folder, python) {
  const { loadTokenizer } = await import('@mlm/tokenize');
  const tokenizer = path.join(folder, 'tokenizer.json');
  writeFileSync(tokenizer, /** @type {string} */ ((await loadTokenizer()).files['tokenizer.json']));
  const small = path.join(folder, 'small.txt');
  const text = readFileSync(corpus);
  writeFileSync(small, text.subarray(0, text.lastIndexOf(10, Math.min(SMALL_BYTES, text.length - 1)) + 1));
  const smallBytes = readFileSync(small).length;

  const output = path.join(folder, 'out.arrow');
  /** @param {string} name @param {number} size @param {string} command @param {string[]} args @returns {Contestant} */
  const contestant = (name, size, command, ...args) => ({
    name,
    bytes: size,
    runs: [],
    run: async () => {
      const { stdout, seconds, peakBytes } = await runProcess(command, args);
      /** @type {Printed} */
      const printed = JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)));
      const passes = Array.isArray(printed.seconds) ? printed.seconds : [];
      const own = typeof printed.seconds === 'number' ? printed.seconds : seconds;
      return { seconds: command === python ? own : seconds, peakBytes, tokens: printed.tokens, passes };
    },
  });
  const node = process.execPath;
  /** @param {number} workers */
  const mlm = (workers) => {
    const args = [
      here('../../packages/cli/bin/mlm.js'),
      'preprocess',
      corpus,
      output,
      '--overwrite',
      '--json',
    ];
    args.push('--sequence-length', SEQUENCE_LENGTH, '--workers', String(workers));
    return contestant(`mlm, ${workers} worker${workers > 1 ? 's' : ''}`, bytes, node, ...args);
  };
  const whole = [mlm(2), mlm(1)];
  const alone = [
    contestant('mlm', bytes, node, here('tokenize-ours.js'), corpus, '2'),
    contestant('mlm, 8 MB', smallBytes, node, here('tokenize-ours.js'), small, '2'),
    contestant(
      'transformers.js, 8 MB',
      smallBytes,
      node,
      here('peers/transformers-js.js'),
      small,
      tokenizer,
      '2',
    ),
  ];
  if (python) {
    const peer = (/** @type {string} */ file) => here(`peers/${file}`);
    whole.push(
      contestant(
        'nanotoken + numpy + pyarrow',
        bytes,
        python,
        peer('nanotoken_pipeline.py'),
        corpus,
        tokenizer,
        SEQUENCE_LENGTH,
        output,
      ),
      {
        ...contestant(
          'datasets + tokenizers, 2 processes',
          bytes,
          python,
          peer('huggingface.py'),
          corpus,
          tokenizer,
          SEQUENCE_LENGTH,
          '2',
        ),
        rounds: SLOW_ROUNDS,
      },
    );
    alone.push(
      contestant('nanotoken', bytes, python, peer('tokenize_text.py'), 'nanotoken', corpus, tokenizer, '2'),
      contestant(
        'Rust tokenizers, 8 MB',
        smallBytes,
        python,
        peer('tokenize_text.py'),
        'tokenizers',
        small,
        tokenizer,
        '2',
      ),
    );
  }
  return { whole, alone };
}

/**
 * Every contestant once a round, so that all meet the same state of the machine.
 * @param {Contestant[]} list
 * @param {number} rounds
 */
async function compete(list, rounds) {
  for (let round = 0; round < rounds; round++)
    for (const contestant of list) {
      if (round >= (contestant.rounds ?? rounds)) continue;
      const run = await contestant.run();
      contestant.runs.push(run);
      log(
        `round ${round + 1}: ${contestant.name} ${run.passes.length ? run.passes.map((s) => s.toFixed(3)) : run.seconds.toFixed(2)} s`,
      );
    }
}

/** @param {Contestant[]} list */
function wholeTable(list) {
  const seconds = (/** @type {Contestant} */ { runs }) => runs.map((run) => run.seconds);
  const ours = seconds(/** @type {Contestant} */ (list[0]));
  const rows = list.map((contestant) => {
    const typical = median(seconds(contestant));
    return [
      contestant.name,
      figure(contestant.bytes / 1e6 / typical),
      figure(/** @type {Run} */ (contestant.runs[0]).tokens / 1e6 / typical),
      figure(Math.max(...contestant.runs.map((run) => run.peakBytes)) / 1e6),
      times(medianRatio(seconds(contestant), ours)),
    ];
  });
  return table(['text file to masked Arrow', 'MB/s', 'M tokens/s', 'peak MB', 'mlm, 2 workers is'], rows);
}

/** @param {Contestant[]} list */
function aloneTable(list) {
  const passes = (/** @type {Contestant} */ { runs }, /** @type {number} */ pass) =>
    runs.map((run) => /** @type {number} */ (run.passes[pass]));
  const rows = list.map((contestant) => {
    const ours = /** @type {Contestant} */ (
      list.find(({ name, bytes }) => name.startsWith('mlm') && bytes === contestant.bytes)
    );
    const rate = (/** @type {number} */ pass) => contestant.bytes / 1e6 / median(passes(contestant, pass));
    const ratio = (/** @type {number} */ pass) =>
      times(medianRatio(passes(contestant, pass), passes(ours, pass)));
    return [contestant.name, figure(rate(0)), figure(rate(1)), ratio(0), ratio(1)];
  });
  return table(
    ['tokenizing alone, one thread', 'MB/s cold', 'MB/s warm', 'mlm is, cold', 'mlm is, warm'],
    rows,
  );
}
