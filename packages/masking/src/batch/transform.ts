import { Transform } from 'node:stream';
import { type BatchPlace, placeOf } from '@mlm/arrow';
import type { RecordBatch } from 'apache-arrow';
import type { MaskingRule } from '../rule.js';
import { maskBatch } from './mask-batch.js';

/** Options of {@link mask}. */
export interface MaskOptions {
  /** Each epoch draws new masks: a whole number, 0 for static masking. Default: 0. */
  epoch?: number;
}

/**
 * A stream that masks the token batches written to it. Batches that do not state their rows' place are taken as the
 * rows of one unit, in order of arrival. Their description of the dataset is kept, and the rule added. A batch that is
 * not a token batch ends the stream with an InputError.
 *
 * @example
 * ```ts
 * import { mask, maskingDefaults, maskingRule } from '@mlm/masking';
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const rule = maskingRule(tokenizer, maskingDefaults);
 * const batches = textFiles(['corpus/']).pipe(tokenize({ tokenizer })).pipe(mask(rule));
 * ```
 */
export function mask(rule: MaskingRule, { epoch = 0 }: MaskOptions = {}): Transform {
  let rowsSoFar = 0;
  return new Transform({
    objectMode: true,
    transform(batch: RecordBatch, _encoding, done) {
      const place: BatchPlace = placeOf(batch) ?? { unit: 0, firstRow: rowsSoFar, split: 'train' };
      rowsSoFar += batch.numRows;
      try {
        done(null, maskBatch(batch, rule, epoch, place));
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
