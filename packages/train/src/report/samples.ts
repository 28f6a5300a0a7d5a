import type { Dataset } from '@mlm/arrow';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Batch } from '../data/batch.js';
import type { DataPlan } from '../data/dataset.js';
import { loadBatches, onePass } from '../data/loader.js';
import { Predictor } from '../engine/predictor.js';
import type { Trainer } from '../engine/trainer.js';
import { mostProbable } from '../predict/candidates.js';
import { readTokens } from './tokens.js';

/** A held-out row with masks, and what the model puts there. */
export interface SamplePrediction {
  /** The row as text, its masks in place. */
  text: string;
  masks: { expected: string; candidates: { token: string; probability: number }[] }[];
}

const sampleRows = 4;
const masksPerRow = 4;

/** What the model answers on the first held-out rows; nothing where the tokens' texts are not known. */
export async function samplePredictions(
  trainer: Trainer,
  { dataset, plan }: { dataset: Dataset; plan: DataPlan },
  { model, tokenizerFiles }: Omit<Checkpoint, 'weights'>,
): Promise<SamplePrediction[]> {
  const { vocabulary } = model.limits;
  const tokens = readTokens(tokenizerFiles);
  const loaded = await loadBatches(dataset, plan, { ...onePass, threads: 0 }).next();
  if (!tokens || loaded.done) return [];
  const batch = firstRows(loaded.value);
  if (batch.decoded === 0) return [];
  const predictor = await Predictor.sharing(trainer, [batch.sequence]);
  try {
    const probabilities = await predictor.predict(batch);
    const samples = new Map<number, SamplePrediction>();
    for (let mask = 0; mask < batch.decoded; mask++) {
      const row = Math.floor(batch.masked_positions[mask]! / batch.sequence);
      const sample = samples.get(row) ?? { text: textOf(batch, row, tokens), masks: [] };
      samples.set(row, sample);
      if (sample.masks.length === masksPerRow) continue;
      const scores = probabilities.subarray(mask * vocabulary, (mask + 1) * vocabulary);
      const candidates = mostProbable(scores, 3).map(({ id, probability }) => ({
        token: tokens[id] ?? `#${id}`,
        probability,
      }));
      sample.masks.push({ expected: tokens[batch.masked_labels[mask]!] ?? '', candidates });
    }
    return [...samples.values()];
  } finally {
    await predictor.dispose();
  }
}

/** The batch with the positions of its first rows alone to decode. */
function firstRows(batch: Batch): Batch {
  const end = sampleRows * batch.sequence;
  const decoded = batch.masked_positions
    .subarray(0, batch.decoded)
    .filter((position) => position < end).length;
  return {
    ...batch,
    decoded,
    masked_positions: batch.masked_positions.subarray(0, decoded),
    masked_labels: batch.masked_labels.subarray(0, decoded),
  };
}

function textOf(
  { input_ids, attention_mask, sequence }: Batch,
  row: number,
  tokens: readonly string[],
): string {
  const words: string[] = [];
  for (let i = row * sequence; i < (row + 1) * sequence; i++) {
    if (attention_mask[i] === 1) words.push(tokens[input_ids[i]!] ?? '');
  }
  return words.join(' ').replaceAll(' ##', '');
}
