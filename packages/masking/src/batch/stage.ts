import type { BatchStage, ColumnBatch, ColumnMemory, ListColumn } from '@mlm/arrow/columns';
import { defined } from '@mlm/base/defined';
import { entryPoint } from '@mlm/base/spawn';
import { maskRowsInPlace } from '../rows/mask-rows.js';
import { repeatRows } from '../rows/originals.js';
import { formatVersion, type MaskingRule } from '../rule.js';

export { maskingRule } from '../rule.js';

/**
 * Static masking as a stage that runs inside the worker threads of `tokenize({ stages: [maskStage(rule)] })`.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskStage } from '@mlm/masking';
 * import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const rule = maskingRule(tokenizer, maskingDefaults);
 * const batches = textFiles(['corpus/']).pipe(tokenize({ tokenizer, stages: [maskStage(rule)] }));
 * ```
 */
export function maskStage(rule: MaskingRule): BatchStage {
  const { settings } = rule;
  const version = formatVersion(settings);
  const description = defined({ format_version: version > 1 ? version : undefined, masking: settings });
  const { dupe_factor: rowFactor = 1 } = settings;
  const { href: module } = entryPoint(import.meta.url, './stage.js');
  return { module, options: rule, rowFactor, description };
}

/**
 * Called once by each worker thread. Returns the stage's function, which masks a token batch where it lies.
 *
 * @example
 * ```ts
 * import { createStage, maskingDefaults, maskingRule } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const masked = createStage(rule)({ columns: { input_ids }, place: { unit: 0, firstRow: 0, split: 'train' } });
 * ```
 */
export function createStage(rule: MaskingRule): (batch: ColumnBatch) => ColumnBatch {
  const { dupe_factor = 1 } = rule.settings;
  return ({ columns, place: given, memory }) => {
    const ids = columns.input_ids as ListColumn<Int32Array>;
    const rows = memory ? repeatInPlace(ids, dupe_factor, memory) : repeatRows(ids, dupe_factor);
    const place = { ...given, firstRow: given.firstRow * dupe_factor };
    const starts = columns.document_starts as ListColumn<Int32Array> | undefined;
    const { masked, tokens, maskable, ...columnsOfRows } = maskRowsInPlace(
      rows,
      rule,
      place,
      0,
      true,
      memory,
    );
    // Format version 1 already called sums over a dataset `selected`.
    const counts = defined({ ...place.counts, tokens, maskable, selected: masked });
    const carried = starts && { document_starts: repeatRows(starts, dupe_factor) };
    return { columns: { ...columnsOfRows, ...carried }, place: { ...place, counts }, memory };
  };
}

/** Repeats rows as {@link repeatRows} does, in the memory that they lie in. */
function repeatInPlace(
  { values, offsets }: ListColumn<Int32Array>,
  times: number,
  memory: ColumnMemory,
): ListColumn<Int32Array> {
  const { byteOffset, length } = values;
  const count = times === 1 ? 0 : times * (offsets.at(-1)! - offsets[0]!);
  const room = memory.int32(memory.add(4 * count), count);
  return repeatRows({ values: memory.int32(byteOffset, length), offsets }, times, room);
}
