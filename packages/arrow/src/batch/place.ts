import { InputError } from '@mlm/base/errors';
import { parseJson } from '@mlm/base/json';
import { RecordBatch, Schema } from 'apache-arrow';
import {
  type DatasetDescription,
  isCount,
  isRecord,
  METADATA_KEY,
  PLACE_KEY,
  parseMetadata,
  type Split,
} from '../metadata.js';
import { metadataText } from '../metadata-text.js';

/**
 * The place of a batch's rows in the whole input. It is part of the batch's own metadata, in memory as in files;
 * masking draws depend on it and on the seed alone.
 */
export interface BatchPlace {
  /** Number of the unit, over the whole input. */
  unit: number;
  /** Index of the batch's first row within the unit and split. */
  firstRow: number;
  /** Whether these are training or validation rows. */
  split: Split;
  /** Counts over these rows, which a sink sums up: documents, selected, invalid_utf8, … */
  counts?: Record<string, number> | undefined;
}

/**
 * The place in a batch's metadata; `undefined` for batches from elsewhere.
 * @throws InputError if it is malformed
 *
 * @example
 * ```ts
 * import { placeOf, tokenBatch } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const batch = tokenBatch(input_ids, { unit: 3, firstRow: 0, split: 'train' });
 * console.log(placeOf(batch)?.unit); // 3
 * ```
 */
export function placeOf(batch: RecordBatch): BatchPlace | undefined {
  const text = batch.metadata.get(PLACE_KEY);
  if (text === undefined) return undefined;
  const place = parsePlace(text);
  if (!place)
    throw new InputError(
      `a record batch's metadata "${PLACE_KEY}" has another shape than mlm writes; make the dataset again`,
    );
  return place;
}

function parsePlace(text: string): BatchPlace | undefined {
  try {
    const place: unknown = parseJson(text);
    if (!isRecord(place) || !isCount(place.unit) || !isCount(place.firstRow)) return undefined;
    if (place.split !== 'train' && place.split !== 'validation') return undefined;
    const { counts } = place;
    if (counts !== undefined && !(isRecord(counts) && Object.values(counts).every(isCount))) return undefined;
    return place as unknown as BatchPlace;
  } catch {
    return undefined;
  }
}

/**
 * The same rows, not copied, with another place.
 *
 * @example
 * ```ts
 * import { tokenBatch, withPlace } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const batch = withPlace(tokenBatch(input_ids), { unit: 0, firstRow: 0, split: 'train' });
 * ```
 */
export function withPlace(batch: RecordBatch, place: BatchPlace): RecordBatch {
  return new RecordBatch(batch.schema, batch.data, placeMetadata(place, batch.metadata));
}

/** A batch's metadata with this place. */
export function placeMetadata(place?: BatchPlace, others?: Map<string, string>): Map<string, string> {
  const metadata = new Map(others);
  if (place) metadata.set(PLACE_KEY, JSON.stringify(place));
  return metadata;
}

/**
 * The description of the dataset in the batch's schema; `undefined` if it has none.
 *
 * @example
 * ```ts
 * import { descriptionOf, openDataset } from '@mlm/arrow';
 *
 * const dataset = await openDataset('out.arrow');
 * console.log(descriptionOf(await dataset.batch(0))?.tokenizer.name);
 * ```
 */
export function descriptionOf(batch: RecordBatch): DatasetDescription | undefined {
  const text = batch.schema.metadata.get(METADATA_KEY);
  return text === undefined ? undefined : parseMetadata(text);
}

/**
 * Returns a function that adds a description to batches' schemas, converted to JSON only once. The steps pass it on in
 * this way, so that the sink knows what the first step knew.
 *
 * @example
 * ```ts
 * import { describeBatches, openDataset, tokenBatch } from '@mlm/arrow';
 *
 * const input_ids = { values: Int32Array.of(101, 7592, 102), offsets: Int32Array.of(0, 3) };
 * const { metadata } = await openDataset('out.arrow');
 * const described = describeBatches(metadata!)(tokenBatch(input_ids));
 * ```
 */
export function describeBatches(description: DatasetDescription): (batch: RecordBatch) => RecordBatch {
  const text = metadataText(description);
  return (batch) => {
    const metadata = new Map(batch.schema.metadata).set(METADATA_KEY, text);
    return new RecordBatch(new Schema(batch.schema.fields, metadata), batch.data, batch.metadata);
  };
}
