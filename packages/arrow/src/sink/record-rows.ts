import { DataType, type Field, type RecordBatch, Schema } from 'apache-arrow';
import { FileBlock } from 'apache-arrow/ipc/metadata/file';
import { descriptionOf, placeOf } from '../batch/place.js';
import { releaseBatch } from '../batch/release.js';
import { encodeBatch, encodeFooter, encodeSchema } from '../ipc/encode.js';
import { countsOf } from './count.js';
import type { RowColumns, SinkRows } from './encodable.js';

/** A record batch of arrow-js, with columns of any type. */
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
    encodeSchema: (metadata) => encodeSchema(new Schema(fields, new Map(metadata))),
    encodeFooter: (metadata, blocks) =>
      encodeFooter(
        new Schema(fields, new Map(metadata)),
        blocks.map((block) => new FileBlock(block.metadataLength, block.bodyLength, block.offset)),
      ),
  };
}
