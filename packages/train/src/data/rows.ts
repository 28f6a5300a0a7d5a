import { type Dataset, InputError, type ListColumn, listColumn } from '@mlm/arrow';
import { type MaskingRule, maskRows, placesOfRows, remaskRows } from '@mlm/masking';
import { ignoredLabel, type Row } from './batch.js';

/** How a dataset's rows are read. */
export interface RowOptions {
  /** Draws new masks for the epoch by this rule; without it the labels stay as they were written. */
  remask?: { rule: MaskingRule; epoch: number };
  /** Ids that the model knows: 0 to `vocabularySize` − 1. */
  vocabularySize: number;
  /** Whether padding at the end of rows is left out. */
  trim: boolean;
}

/** Reads the rows of one record batch as views of its buffers. `firstRow` is the number of its first row in the dataset. */
export async function readRows(
  dataset: Dataset,
  batchIndex: number,
  firstRow: number,
  options: RowOptions,
): Promise<Row[]> {
  const batch = await dataset.batch(batchIndex);
  const has = (name: string) => batch.schema.fields.some((field) => field.name === name);
  let ids = listColumn(batch, 'input_ids');
  let labels = has('labels') ? listColumn(batch, 'labels') : undefined;
  let attention = has('attention_mask') ? listColumn(batch, 'attention_mask') : undefined;
  if (options.remask) {
    const { rule, epoch } = options.remask;
    const rowsPerUnit = dataset.metadata?.rows_per_unit ?? [];
    const split = dataset.metadata?.split ?? 'train';
    const indices = Float64Array.from({ length: batch.numRows }, (_, row) => firstRow + row);
    const places = placesOfRows(rowsPerUnit.length > 0 ? rowsPerUnit : [dataset.rows], indices, split);
    const masked = labels
      ? remaskRows({ input_ids: ids, labels }, rule, places, epoch)
      : maskRows(ids, rule, places, epoch);
    ids = masked.input_ids;
    labels = masked.labels;
    attention = masked.attention_mask;
  }
  if (!labels) {
    throw new InputError(
      `${dataset.path}: has no column "labels"; mask it with mlm preprocess, or train with --masking dynamic`,
    );
  }
  refuseForeignIds(ids, options.vocabularySize, dataset.path);
  refuseForeignIds(labels, options.vocabularySize, dataset.path);
  const rows: Row[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    rows.push(rowAt(row, ids, labels, attention, options.trim, dataset.path));
  }
  return rows;
}

function rowAt(
  row: number,
  ids: ListColumn<Int32Array>,
  labels: ListColumn<Int32Array>,
  attention: ListColumn<Int8Array> | undefined,
  trim: boolean,
  path: string,
): Row {
  const input_ids = ids.values.subarray(ids.offsets[row], ids.offsets[row + 1]);
  const attention_mask = attention
    ? attention.values.subarray(attention.offsets[row], attention.offsets[row + 1])
    : new Int8Array(input_ids.length).fill(1);
  const rowLabels = labels.values.subarray(labels.offsets[row], labels.offsets[row + 1]);
  if (attention_mask.length !== input_ids.length || rowLabels.length !== input_ids.length) {
    throw new InputError(
      `${path}: a row has ${input_ids.length} input_ids, ${rowLabels.length} labels and ` +
        `${attention_mask.length} attention_mask values, expected the same number of each`,
    );
  }
  let end = input_ids.length;
  if (trim) while (end > 1 && attention_mask[end - 1] === 0) end--;
  return end === input_ids.length
    ? { input_ids, labels: rowLabels, attention_mask }
    : {
        input_ids: input_ids.subarray(0, end),
        labels: rowLabels.subarray(0, end),
        attention_mask: attention_mask.subarray(0, end),
      };
}

/** An engine would read beyond the embeddings, and need not notice. */
function refuseForeignIds(
  { values, offsets }: ListColumn<Int32Array>,
  vocabularySize: number,
  path: string,
): void {
  const end = offsets[offsets.length - 1]!;
  for (let i = offsets[0]!; i < end; i++) {
    const id = values[i]!;
    if (id >>> 0 < vocabularySize || id === ignoredLabel) continue;
    throw new InputError(
      `${path}: has the id ${id}, the model only ids from 0 to ${vocabularySize - 1}; preprocess with the model's tokenizer`,
    );
  }
}
