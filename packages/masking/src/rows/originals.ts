import { int32Memory, type ListColumn, type MaskedColumns } from '@mlm/arrow/columns';
import { KernelMemory } from '../random/kernel.js';
import { CHUNK_TOKENS } from './chunk.js';

/** The kernel's memory holds a few bytes of its own, then the ids, then the labels. */
const IDS_AT = 256;
let memory: KernelMemory | undefined;

/** Label of a position that the loss ignores, as in PyTorch's cross-entropy. */
export const IGNORED_LABEL = -100;

/**
 * The ids before masking: the label where it is not −100, else the id.
 * @param masked columns whose rows have the same lengths
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, maskRows, restoreOriginals } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), maskingDefaults);
 * const input_ids = { values: Int32Array.of(101, 7592, 2088, 102), offsets: Int32Array.of(0, 4) };
 * const masked = maskRows(input_ids, rule, { unit: 0, firstRow: 0, split: 'train' });
 * console.log(restoreOriginals(masked).values); // 101, 7592, 2088, 102
 * ```
 */
export function restoreOriginals(
  masked: Pick<MaskedColumns, 'input_ids' | 'labels'>,
): ListColumn<Int32Array> {
  const { values: ids, offsets } = fromZero(masked.input_ids);
  const labels = fromZero(masked.labels).values;
  const values = int32Memory(ids.length);
  const labelsAt = IDS_AT + CHUNK_TOKENS;
  memory ??= new KernelMemory();
  memory.reserve(labelsAt + CHUNK_TOKENS);
  const { kernel, words } = memory;
  for (let begin = 0; begin < ids.length; begin += CHUNK_TOKENS) {
    const end = Math.min(ids.length, begin + CHUNK_TOKENS);
    words.set(ids.subarray(begin, end), IDS_AT);
    words.set(labels.subarray(begin, end), labelsAt);
    kernel.restore(end - begin, IDS_AT << 2, labelsAt << 2, IGNORED_LABEL);
    values.set(words.subarray(IDS_AT, IDS_AT + end - begin), begin);
  }
  return { values, offsets };
}

/** The column's rows, not copied, with offsets from 0. */
export function fromZero<T extends Int32Array | Int8Array>({
  values,
  offsets,
}: ListColumn<T>): ListColumn<T> {
  const first = offsets[0] ?? 0;
  const last = offsets[offsets.length - 1] ?? 0;
  return {
    values: values.subarray(first, last) as T,
    offsets: first === 0 ? offsets : offsets.map((offset) => offset - first),
  };
}

/** A copy of the column's rows. */
export function copyRows(column: ListColumn<Int32Array>): ListColumn<Int32Array> {
  const { values, offsets } = fromZero(column);
  return { values: values.slice(), offsets };
}

/**
 * Repeats each row `times` times, its copies adjacent.
 * @param room for them. Default: an array of their own
 */
export function repeatRows(
  column: ListColumn<Int32Array>,
  times: number,
  room?: Int32Array,
): ListColumn<Int32Array> {
  if (times === 1) return column;
  const { values, offsets } = fromZero(column);
  const rows = offsets.length - 1;
  const repeated = {
    values: room ?? new Int32Array(values.length * times),
    offsets: new Int32Array(rows * times + 1),
  };
  let end = 0;
  for (let row = 0; row < rows; row++) {
    const ids = values.subarray(offsets[row], offsets[row + 1]);
    for (let copy = 0; copy < times; copy++) {
      repeated.values.set(ids, end);
      end += ids.length;
      repeated.offsets[row * times + copy + 1] = end;
    }
  }
  return repeated;
}
