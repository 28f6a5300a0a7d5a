import { DataType, type Field, type RecordBatch, Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { listColumn } from '../batch/column.js';
import { descriptionOf, placeOf } from '../batch/place.js';
import { releaseBatch } from '../batch/release.js';
import { encodeBatch, encodeFooter, encodeSchema } from '../ipc/encode.js';
import type { DatasetCounts } from '../metadata.js';
import { type SchemaMetadata, valueText } from '../metadata-text.js';
import type { RowColumns, SinkRows } from './encodable.js';

/** The rows of an arrow-js record batch, with columns of any type. */
export function recordRows(batch: RecordBatch): SinkRows {
  return {
    rows: batch.numRows,
    place: placeOf(batch),
    counts: countsOf(batch),
    description: descriptionOf(batch),
    columns: recordColumns(batch.schema.fields),
    encode: () => encodeBatch(batch),
    release: () => releaseBatch(batch),
  };
}

export function recordColumns(fields: Field[]): RowColumns {
  return {
    types: fields.map(({ name, type }) => ({
      name,
      dtype: String(DataType.isList(type) ? type.valueType : type).toLowerCase(),
      isList: DataType.isList(type),
    })),
    encodeSchema: (metadata) => encodeSchema(new Schema(fields, asText(metadata))),
    encodeFooter: (metadata, blocks) =>
      encodeFooter(
        new Schema(fields, asText(metadata)),
        blocks.map((block) => new FileBlock(block.metadataLength, block.bodyLength, block.offset)),
      ),
  };
}

const asText = (metadata: SchemaMetadata): Map<string, string> =>
  new Map([...metadata].map(([key, value]) => [key, valueText(value)]));

/** A batch's contribution to the dataset's counts: its rows and tokens, and what earlier steps counted in its place. */
function countsOf(batch: RecordBatch): DatasetCounts {
  const counted = placeOf(batch)?.counts;
  return { rows: batch.numRows, tokens: counted?.tokens ?? tokensOf(batch), ...counted };
}

/** Tokens of a batch: the positions where the attention mask is 1, or all if there is none. */
function tokensOf(batch: RecordBatch): number {
  const names = batch.schema.fields.map((field) => field.name);
  if (!names.includes('attention_mask')) {
    if (!names.includes('input_ids')) return 0;
    const { offsets } = listColumn(batch, 'input_ids');
    return (offsets.at(-1) ?? 0) - (offsets[0] ?? 0);
  }
  const { values, offsets } = listColumn(batch, 'attention_mask');
  const end = offsets.at(-1) ?? 0;
  let tokens = 0;
  for (let i = offsets[0] ?? 0; i < end; i++) tokens += values[i]!;
  return tokens;
}
