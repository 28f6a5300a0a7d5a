import type { Dataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import type { MaskedPlace, PredictedRow } from '@mlm/pages';
import type { ReadTokens } from '@mlm/tokenize';
import { tokensOf } from '@mlm/tokenize/vocabulary';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Batch } from '../data/batch.js';
import type { DataPlan } from '../data/dataset.js';
import { loadBatches, onePass } from '../data/loader.js';
import { mostProbable, Predictor } from '../engine/predictor.js';
import type { Trainer } from '../engine/trainer.js';

const sampleRows = 4;

/** What the model answers on the first validation rows; nothing where the tokens' texts are not known. */
export async function samplePredictions(
  trainer: Trainer,
  { dataset, plan }: { dataset: Dataset; plan: DataPlan },
  { model, tokenizerFiles }: Omit<Checkpoint, 'weights'>,
): Promise<PredictedRow[]> {
  const { vocabulary } = model.limits;
  const reader = await readerOf(tokenizerFiles);
  const loaded = await loadBatches(dataset, plan, { ...onePass, threads: 0 }).next();
  if (!reader || loaded.done) return [];
  const batch = firstRows(loaded.value);
  if (batch.masked === 0) return [];
  const predictor = await Predictor.sharing(trainer, {
    lengths: [batch.sequence],
    documents: plan.documents,
  });
  try {
    const probabilities = await predictor.predict(batch);
    const places = new Map<number, LabelledPlace>();
    for (let mask = 0; mask < batch.masked; mask++) {
      const scores = probabilities.subarray(mask * vocabulary, (mask + 1) * vocabulary);
      const label = batch.masked_labels[mask]!;
      const candidates = mostProbable(scores, 3, reader.has).map(({ id, probability }) => ({
        word: reader.read([id]).text,
        probability,
        isRight: id === label,
      }));
      places.set(batch.masked_positions[mask]!, { expected: reader.read([label]).text, candidates, label });
    }
    const rows = Math.min(sampleRows, batch.input_ids.length / batch.sequence);
    return Array.from({ length: rows }, (_, row) => rowParts(batch, row, reader, places));
  } finally {
    await predictor.dispose();
  }
}

/** A masked place and the id that stood there. */
interface LabelledPlace extends MaskedPlace {
  label: number;
}

/** What makes text of ids. */
interface Reader {
  /** Whether an id has a token. */
  has(id: number): boolean;
  /** Whether an id stands at the edges of documents or fills a row up. */
  isEdge(id: number): boolean;
  read(ids: readonly number[]): ReadTokens;
}

async function readerOf(files: Readonly<Record<string, string>>): Promise<Reader | undefined> {
  const { readTokens, tokenizerFromDefinition } = await import('@mlm/tokenize');
  try {
    const tokenizer = tokenizerFromDefinition({ name: 'the tokenizer', files });
    const { cls, sep, pad } = tokenizer.specialIds;
    const edges = new Set([cls, sep, pad]);
    return {
      has: tokenizer.hasToken,
      isEdge: (id) => edges.has(id),
      read: (ids) => readTokens(tokenizer, ids),
    };
  } catch (error) {
    if (error instanceof InputError) return vocabularyReader(files);
    throw error;
  }
}

/** Of a tokenizer that is not supported, the tokens as they are spelled. */
function vocabularyReader(files: Readonly<Record<string, string>>): Reader | undefined {
  const tokens = tokensOf(files);
  return (
    tokens && {
      has: (id) => tokens[id] !== undefined,
      isEdge: () => false,
      read: (ids) => ({ text: ids.map((id) => tokens[id]).join(' '), joins: false }),
    }
  );
}

/** The batch with the positions of its first rows alone to decode. */
function firstRows(batch: Batch): Batch {
  const end = sampleRows * batch.sequence;
  const masked = batch.masked_positions.subarray(0, batch.masked).filter((position) => position < end).length;
  return {
    ...batch,
    masked,
    masked_positions: batch.masked_positions.subarray(0, masked),
    masked_labels: batch.masked_labels.subarray(0, masked),
  };
}

/** The row's text, pieces joined to words and special tokens left out, with the masked places between. */
function rowParts(
  { input_ids, attention_mask, sequence }: Batch,
  row: number,
  { has, isEdge, read }: Reader,
  places: ReadonlyMap<number, LabelledPlace>,
): PredictedRow {
  const parts: PredictedRow['parts'] = [];
  let run: number[] = [];
  const add = (ids: readonly number[], place?: MaskedPlace) => {
    if (ids.length === 0) return;
    const { text, joins } = read(ids);
    if (parts.length > 0 && !joins) parts.push(' ');
    parts.push(place ?? text);
  };
  for (let i = row * sequence; i < (row + 1) * sequence; i++) {
    const id = input_ids[i]!;
    const place = places.get(i);
    if (place) {
      add(run);
      run = [];
      add([place.label], { expected: place.expected, candidates: place.candidates });
    } else if (attention_mask[i] === 1 && has(id) && !isEdge(id)) run.push(id);
  }
  add(run);
  return { parts };
}
