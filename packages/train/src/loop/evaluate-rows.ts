import type { Dataset } from '@mlm/arrow';
import type { DataPlan } from '../data/dataset.js';
import { loadBatches, onePass } from '../data/loader.js';
import type { Evaluator } from '../engine/evaluator.js';
import type { Evaluation } from './events.js';

/** A dataset, and the evaluator that scores its rows. */
export interface ScoredData {
  dataset: Dataset;
  plan: DataPlan;
  evaluator: Pick<Evaluator, 'score'>;
}

/** Scores every row of a dataset; `undefined` if an aborted `signal` ends it early. */
export async function evaluateRows(
  { dataset, plan, evaluator }: ScoredData,
  threads: number,
  signal?: AbortSignal,
): Promise<Evaluation | undefined> {
  let lossSum = 0;
  let correct = 0;
  let masked = 0;
  for await (const batch of loadBatches(dataset, plan, { ...onePass, threads })) {
    if (signal?.aborted) return undefined;
    const score = await evaluator.score(batch);
    lossSum += score.lossSum;
    correct += score.correct;
    masked += score.masked;
  }
  const loss = masked === 0 ? 0 : lossSum / masked;
  return { loss, perplexity: Math.exp(loss), accuracy: masked === 0 ? 0 : correct / masked, masked };
}
