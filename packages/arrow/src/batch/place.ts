import { RecordBatch, Schema } from 'apache-arrow';
import { type DatasetDescription, METADATA_KEY, parseMetadata, type Split } from '../metadata.js';
import { metadataText } from '../metadata-text.js';

/** Key of the place in a record batch's own metadata; the value is JSON. */
const PLACE_KEY = 'mlm.place';

/**
 * Where a batch's rows stand in the whole input. It travels in the batch's own metadata, in memory as in files, and is
 * all that masking draws depend on beside the seed.
 */
export interface BatchPlace {
  /** Number of the work unit, over the whole input. */
  unit: number;
  /** Row in the unit (and split) of the batch's first row. */
  firstRow: number;
  /** Whether the rows are to train on or held out. */
  split: Split;
  /** Figures about these rows that a sink sums up: documents, selected, invalid_utf8, … */
  counts?: Record<string, number>;
}

/** The place that the batch carries; `undefined` for batches from elsewhere. */
export function placeOf(batch: RecordBatch): BatchPlace | undefined {
  const text = batch.metadata.get(PLACE_KEY);
  return text === undefined ? undefined : (JSON.parse(text) as BatchPlace);
}

/** The same rows (not copied) with another place. */
export function withPlace(batch: RecordBatch, place: BatchPlace): RecordBatch {
  return new RecordBatch(batch.schema, batch.data, placeMetadata(place, batch.metadata));
}

/** A batch's metadata with this place in it. */
export function placeMetadata(place?: BatchPlace, others?: Map<string, string>): Map<string, string> {
  const metadata = new Map(others);
  if (place) metadata.set(PLACE_KEY, JSON.stringify(place));
  return metadata;
}

/** What the batch's schema says about the dataset that it is part of; `undefined` when it says nothing. */
export function descriptionOf(batch: RecordBatch): DatasetDescription | undefined {
  const text = batch.schema.metadata.get(METADATA_KEY);
  return text === undefined ? undefined : parseMetadata(text);
}

/**
 * Returns a function that gives each batch the same description, which is turned into JSON once. The steps hand it on
 * in this way, so that the sink knows what the first step knew.
 */
export function describeBatches(description: DatasetDescription): (batch: RecordBatch) => RecordBatch {
  const text = metadataText(description);
  return (batch) => {
    const metadata = new Map(batch.schema.metadata).set(METADATA_KEY, text);
    return new RecordBatch(new Schema(batch.schema.fields, metadata), batch.data, batch.metadata);
  };
}
