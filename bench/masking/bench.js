import { giveBackMemory } from '@mlm/arrow/columns';
import * as masking from '@mlm/masking';
import { log } from '../measure/log.js';
import { median } from '../measure/statistics.js';
import { figure, table } from '../measure/table.js';

const VOCABULARY = 30522;
const ROWS = 4096;
const SEQUENCE = 128;
/** Passes over the rows that one round times, for each rule: 21 M tokens. */
const PASSES = 40;

const rules = [
  { name: 'token, mask', settings: {} },
  { name: 'token, bert', settings: { replace: 'bert' } },
  { name: 'whole-word, mask', settings: { select: 'whole-word' } },
  { name: 'whole-word, bert', settings: { select: 'whole-word', replace: 'bert' } },
  { name: 'ngram, mask', settings: { select: 'ngram' } },
  { name: 'span, mask', settings: { select: 'span' } },
  { name: 'span, bert', settings: { select: 'span', replace: 'bert' } },
];

/**
 * The masking rules on rows of ids in memory, one thread: no file, no tokenizer. A round takes every rule once.
 * @param {{ rounds: number, implementations?: Record<string, Pick<typeof masking, 'maskingRule' | 'maskRowsInPlace'>> }} options
 */
export async function benchMasking({ rounds, implementations = { mlm: masking } }) {
  const { values, offsets, wordStarts } = syntheticRows();
  const ids = values.slice();
  const place = { unit: 0, firstRow: 0, split: /** @type {const} */ ('train') };
  const cases = rules.flatMap(({ name, settings }) =>
    Object.entries(implementations).map(([by, { maskingRule, maskRowsInPlace }]) => {
      const tokenizer = {
        vocabularySize: VOCABULARY,
        specialIds: { mask: 103, pad: 0 },
        protectedIds: [0, 100, 101, 102, 103],
        wordStarts,
      };
      const given = { probability: 0.15, replace: 'mask', labels: /** @type {const} */ ('masked'), seed: 42 };
      const rule = maskingRule(tokenizer, { ...given, ...settings });
      /** @param {number} epoch */
      const run = (epoch) => {
        ids.set(values);
        const before = process.cpuUsage();
        const { labels, attention_mask } = maskRowsInPlace({ values: ids, offsets }, rule, place, epoch);
        const { user } = process.cpuUsage(before);
        giveBackMemory(
          [labels.values.buffer, attention_mask.values.buffer].map(
            (buffer) => /** @type {ArrayBuffer} */ (buffer),
          ),
        );
        return user;
      };
      return { name, by, run, rates: /** @type {number[]} */ ([]) };
    }),
  );
  for (const { run } of cases) run(0);
  for (let round = 0; round < rounds; round++) {
    const microseconds = cases.map(() => 0);
    for (let pass = 0; pass < PASSES; pass++) {
      for (const [i, { run }] of cases.entries()) microseconds[i] = (microseconds[i] ?? 0) + run(pass);
    }
    for (const [i, { rates }] of cases.entries()) {
      rates.push((PASSES * values.length) / (microseconds[i] ?? Number.NaN));
    }
    log(`round ${round + 1} of ${rounds}`);
  }
  const several = Object.keys(implementations).length > 1;
  return {
    text: table(
      [`${ROWS} × ${SEQUENCE}, one thread`, 'M tokens per second of user time'],
      cases.map(({ name, by, rates }) => [several ? `${name}, ${by}` : name, figure(median(rates))]),
    ),
    json: { cases: cases.map(({ name, by, rates }) => ({ name, by, rates })) },
  };
}

/** Full rows of arbitrary ids between [CLS] and [SEP]; three of four ids begin a word. */
function syntheticRows() {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const wordStarts = Uint8Array.from({ length: VOCABULARY }, () => (draw() < 0.75 ? 1 : 0));
  const offsets = Int32Array.from({ length: ROWS + 1 }, (_, row) => row * SEQUENCE);
  const values = Int32Array.from({ length: ROWS * SEQUENCE }, (_, i) => {
    if (i % SEQUENCE === 0) return 101;
    return i % SEQUENCE === SEQUENCE - 1 ? 102 : 1000 + Math.floor(draw() * (VOCABULARY - 1000));
  });
  return { values, offsets, wordStarts };
}
