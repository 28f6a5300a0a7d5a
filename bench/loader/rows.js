import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { arrowFile, describeBatches, maskedBatch } from '@mlm/arrow';
import { maskingRule, maskRows } from '@mlm/masking';

const VOCABULARY = 30522;
const UNIT_ROWS = 4096;
const special_ids = { cls: 101, sep: 102, pad: 0, unk: 100, mask: 103 };
const protected_ids = [0, 100, 101, 102, 103];

export const tokenizer = {
  name: 'synthetic',
  sha256: 'none',
  vocabulary_size: VOCABULARY,
  special_ids,
  protected_ids,
  files: {},
};

const rule = maskingRule(tokenizer, { probability: 0.15, replace: 'bert', labels: 'masked', seed: 42 });

/**
 * Writes a masked dataset of arbitrary ids; how fast it is read depends on its shape alone.
 * @param {string} file
 * @param {{ units: number, sequence: number, ragged: boolean }} shape units of 4,096 rows; ragged rows have 8 tokens and more
 */
export async function writeRows(file, { units, sequence, ragged }) {
  const describe = describeBatches({
    format_version: 1,
    generator: 'bench',
    tokenizer,
    sequence_length: sequence,
    cut: { document: 'line', line_by_line: ragged, overflow: /** @type {const} */ ('wrap') },
    masking: rule.settings,
  });
  const batches = unitsOf(units, sequence, ragged);
  await pipeline(
    Readable.from(
      (function* () {
        for (const batch of batches) yield describe(batch);
      })(),
    ),
    arrowFile(file),
  );
}

/**
 * @param {number} units
 * @param {number} sequence
 * @param {boolean} ragged
 */
function* unitsOf(units, sequence, ragged) {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let unit = 0; unit < units; unit++) {
    const offsets = new Int32Array(UNIT_ROWS + 1);
    for (let row = 0; row < UNIT_ROWS; row++) {
      const length = ragged ? 8 + Math.floor(draw() * (sequence - 7)) : sequence;
      offsets[row + 1] = (offsets[row] ?? 0) + length;
    }
    const values = new Int32Array(offsets[UNIT_ROWS] ?? 0).map(() => 1000 + Math.floor(draw() * 29000));
    const place = { unit, firstRow: 0, split: /** @type {const} */ ('train') };
    yield maskedBatch(maskRows({ values, offsets }, rule, place), place);
  }
}
