import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OTHER_LANGUAGES } from '../corpus/packages.js';
import { runProcess } from '../measure/process.js';

const SEQUENCE_LENGTH = '128';
/** Text for the tokenizers that would take minutes on all of it. */
const SMALL_BYTES = 8e6;
/** Passes over the texts in other scripts: they are small. */
const OTHER_PASSES = '10';
/** Rounds of Hugging Face's path, which takes minutes each. */
const SLOW_ROUNDS = 1;

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * @typedef {{ tokens: number, seconds?: number | number[] }} Printed what a contestant prints as JSON
 * @typedef {{ seconds: number, wholeSeconds: number, processorSeconds: number, peakBytes: number, tokens: number, passes: number[] }} Run
 *   `seconds` without a Python program's imports, `wholeSeconds` and `processorSeconds` with them
 * @typedef {object} Contestant
 * @property {string} name
 * @property {() => Promise<Run>} run
 * @property {number} bytes of text in a run
 * @property {number} [rounds] when it takes fewer than the others
 * @property {Run[]} runs
 */

/**
 * Who takes part: on the whole path from a text file to masked Arrow, and in tokenizing alone.
 * @param {string} corpus
 * @param {number} bytes
 * @param {string} folder
 * @param {string | undefined} python
 */
export async function contestants(corpus, bytes, folder, python) {
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
      const { stdout, seconds, processorSeconds, peakBytes } = await runProcess(command, args);
      /** @type {Printed} */
      const printed = JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)));
      const passes = Array.isArray(printed.seconds) ? printed.seconds : [];
      const own = typeof printed.seconds === 'number' ? printed.seconds : seconds;
      const shown = command === python ? own : seconds;
      return {
        seconds: shown,
        wholeSeconds: seconds,
        processorSeconds,
        peakBytes,
        tokens: printed.tokens,
        passes,
      };
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
      ...[[], [path.join(folder, 'masked')]].map((masked) => ({
        ...contestant(
          `datasets + tokenizers, 2 processes${masked.length > 0 ? ', masked and saved' : ''}`,
          bytes,
          python,
          peer('huggingface.py'),
          corpus,
          tokenizer,
          SEQUENCE_LENGTH,
          '2',
          ...masked,
        ),
        rounds: SLOW_ROUNDS,
      })),
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
  for (const language of Object.keys(OTHER_LANGUAGES)) {
    const other = path.join(path.dirname(corpus), `${language}.txt`);
    if (!existsSync(other)) continue;
    const size = statSync(other).size;
    alone.push(
      contestant(`mlm, ${language}`, size, node, here('tokenize-ours.js'), other, OTHER_PASSES),
      ...(python
        ? [
            contestant(
              `nanotoken, ${language}`,
              size,
              python,
              here('peers/tokenize_text.py'),
              'nanotoken',
              other,
              tokenizer,
              OTHER_PASSES,
            ),
          ]
        : []),
    );
  }
  return { whole, alone };
}
