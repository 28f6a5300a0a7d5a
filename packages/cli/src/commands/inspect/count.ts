import { type Dataset, listColumn } from '@mlm/arrow';
import { eachToken } from '@mlm/masking';

/** Sums over the rows of one split. */
export interface SplitCounts {
  rows: number;
  /** Without padding, including special tokens. */
  tokens: number;
  /** Of these, the tokens that are not protected; all, if the protected ones are unknown. */
  maskable: number;
  /** Tokens with a label. */
  labels: number;
  /** Of these, the tokens replaced by [MASK], and by another token. */
  masked: number;
  replaced: number;
  shortest_row: number;
  longest_row: number;
}

/** Counts over a split, batch by batch. */
export async function countDataset(
  dataset: Dataset,
  { maskId, protectedIds }: { maskId?: number | undefined; protectedIds: ReadonlySet<number> },
  signal: AbortSignal,
): Promise<SplitCounts> {
  const counts: SplitCounts = {
    rows: 0,
    tokens: 0,
    maskable: 0,
    labels: 0,
    masked: 0,
    replaced: 0,
    shortest_row: Number.POSITIVE_INFINITY,
    longest_row: 0,
  };
  const columns = new Set(dataset.schema.fields.map((field) => field.name));
  for await (const batch of dataset) {
    signal.throwIfAborted();
    const ids = listColumn(batch, 'input_ids');
    for (let row = 0; row + 1 < ids.offsets.length; row++) {
      const length = ids.offsets[row + 1]! - ids.offsets[row]!;
      counts.shortest_row = Math.min(counts.shortest_row, length);
      counts.longest_row = Math.max(counts.longest_row, length);
    }
    const [start, end] = [ids.offsets[0] ?? 0, ids.offsets.at(-1) ?? 0];
    counts.rows += batch.numRows;
    counts.tokens += columns.has('attention_mask')
      ? countOnes(listColumn(batch, 'attention_mask'))
      : end - start;
    if (!columns.has('labels')) continue;
    eachToken(batch, (original, shown, hasLabel) => {
      if (!protectedIds.has(original)) counts.maskable++;
      if (!hasLabel) return;
      counts.labels++;
      if (shown === original) return;
      if (shown === maskId) counts.masked++;
      else counts.replaced++;
    });
  }
  if (counts.rows === 0) counts.shortest_row = 0;
  return counts;
}

function countOnes({ values, offsets }: { values: ArrayLike<number>; offsets: Int32Array }): number {
  let ones = 0;
  for (let i = offsets[0] ?? 0; i < (offsets.at(-1) ?? 0); i++) ones += values[i]!;
  return ones;
}
