import type { Dataset } from '@mlm/arrow';
import type { MaskedPlace, PredictedRow } from '@mlm/pages';
import { readTokens } from '@mlm/tokenize/vocabulary';
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
  const tokens = readTokens(tokenizerFiles);
  const loaded = await loadBatches(dataset, plan, { ...onePass, threads: 0 }).next();
  if (!tokens || loaded.done) return [];
  const batch = firstRows(loaded.value);
  if (batch.masked === 0) return [];
  const predictor = await Predictor.sharing(trainer, {
    lengths: [batch.sequence],
    documents: plan.documents,
  });
  try {
    const probabilities = await predictor.predict(batch);
    const places = new Map<number, MaskedPlace>();
    for (let mask = 0; mask < batch.masked; mask++) {
      const scores = probabilities.subarray(mask * vocabulary, (mask + 1) * vocabulary);
      const best = mostProbable(scores, 3, (id) => tokens[id] !== undefined);
      const candidates = best.map(({ id, probability }) => ({ word: tokens[id] ?? '', probability }));
      const expected = tokens[batch.masked_labels[mask]!] ?? '';
      places.set(batch.masked_positions[mask]!, { expected, candidates });
    }
    const rows = Math.min(sampleRows, batch.input_ids.length / batch.sequence);
    return Array.from({ length: rows }, (_, row) => rowParts(batch, row, tokens, places));
  } finally {
    await predictor.dispose();
  }
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

/** The row's text, word pieces joined and special tokens left out, with the masked places between. */
function rowParts(
  { input_ids, attention_mask, sequence }: Batch,
  row: number,
  tokens: readonly (string | undefined)[],
  places: ReadonlyMap<number, MaskedPlace>,
): PredictedRow {
  const parts: PredictedRow['parts'] = [];
  for (let i = row * sequence; i < (row + 1) * sequence; i++) {
    if (attention_mask[i] !== 1) continue;
    const place = places.get(i);
    const token = tokens[input_ids[i]!] ?? '';
    const last = parts.at(-1);
    if (place) parts.push(place);
    else if (/^\[(CLS|SEP|PAD)\]$/.test(token)) continue;
    else if (typeof last !== 'string') parts.push(token.replace(/^##/, ''));
    else parts[parts.length - 1] = token.startsWith('##') ? last + token.slice(2) : `${last} ${token}`;
  }
  return { parts };
}
