import { checkShards, openDataset, type Split, type TokenizerMetadata } from '@mlm/arrow';
import { call, InputError, mention, say } from '@mlm/base/errors';
import { type Given, refuseUnknown, settingsOf } from '@mlm/base/options';
import { type Checkpoint, readCheckpoint } from '../checkpoint/checkpoint.js';
import { findCheckpoint } from '../checkpoint/hub.js';
import { refuseOtherTokenizer } from '../checkpoint/tokenizer.js';
import type { Batch } from '../data/batch.js';
import { planData, refuseMisfit } from '../data/dataset.js';
import { Evaluator } from '../engine/evaluator.js';
import { evaluateRows } from '../loop/evaluate-rows.js';
import type { Evaluation } from '../loop/events.js';
import { evaluateOptions } from '../options.js';

/** Options of {@link evaluate}; the engine is onnxruntime on the CPU unless another is named. */
export interface EvaluateOptions extends Given<typeof evaluateOptions> {
  /** An Arrow file or a dataset folder with labels. */
  dataset: string;
  /** A checkpoint folder, or an `owner/name` of the hub. */
  model: string;
  /** The tokenizer of a dataset that does not carry one. */
  tokenizer?: TokenizerMetadata | undefined;
  /** Called once the model is compiled. */
  onStart?: () => void;
  /** Ends the evaluation after the batch in progress, with the signal's reason as the error. */
  signal?: AbortSignal | undefined;
  /** Called after every batch. */
  onProgress?: (progress: EvaluationProgress) => void;
}

/** Progress of an evaluation. */
export interface EvaluationProgress {
  batches: number;
  totalBatches: number;
}

/** Result of {@link evaluate}. */
export interface DatasetEvaluation extends Evaluation {
  /** The split that was scored; null where the dataset does not say. A score on training rows tells little. */
  split: Split | null;
}

/**
 * Scores a checkpoint on every row of a dataset (of a dataset in two splits: the validation one).
 * @throws InputError when dataset and model do not go together
 *
 * @example
 * ```ts
 * import { evaluate } from '@mlm/train';
 *
 * const { loss, perplexity } = await evaluate({ dataset: 'out.arrow', model: 'out-bert-tiny' });
 * console.log(loss, perplexity);
 * ```
 */
export async function evaluate(given: EvaluateOptions): Promise<DatasetEvaluation> {
  const others = {
    dataset: true,
    model: true,
    tokenizer: true,
    onStart: true,
    signal: true,
    onProgress: true,
  };
  refuseUnknown(given, { ...evaluateOptions, ...others });
  return evaluateCheckpoint(
    async () => readCheckpoint((await findCheckpoint(given.model, given)).folder),
    given,
  );
}

/** {@link evaluate} of a checkpoint returned by `read`, which is called after the dataset has been checked; `model` names it in messages. */
export async function evaluateCheckpoint(
  read: () => Promise<Checkpoint>,
  given: EvaluateOptions,
): Promise<DatasetEvaluation> {
  const options = { ...given, ...settingsOf(evaluateOptions, given) };
  const opened = await openDataset(options.dataset);
  const dataset = opened.validation ?? opened;
  try {
    await checkShards(dataset.path);
    if (!dataset.schema.fields.some(({ name }) => name === 'labels')) {
      throw new InputError(
        say`${dataset.path}: has no column "labels", so there is nothing to score; make a masked dataset with ${call('preprocess')}`,
      );
    }
    const tokenizer = options.tokenizer ?? dataset.metadata?.tokenizer;
    if (!tokenizer) {
      throw new InputError(
        say`${dataset.path}: does not say which tokenizer made it; name it with ${mention('tokenizer')}`,
      );
    }
    const { model, weights, tokenizerFiles } = await read();
    refuseOtherTokenizer(options.dataset, tokenizer, options.model, tokenizerFiles);
    const plan = await planData(dataset, {
      batchSize: options.batchSize,
      tokenizer,
      vocabularySize: model.limits.vocabulary,
    });
    refuseMisfit(options.dataset, tokenizer, plan, model);
    const evaluator = await Evaluator.create(model, weights, {
      ...options,
      lengths: plan.lengths,
      documents: plan.documents,
    });
    try {
      options.onStart?.();
      let batches = 0;
      const followed = {
        async score(batch: Batch) {
          const score = await evaluator.score(batch);
          options.onProgress?.({ batches: ++batches, totalBatches: plan.batchesPerEpoch });
          return score;
        },
      };
      const evaluation = await evaluateRows({ dataset, plan, evaluator: followed }, 1, options.signal);
      options.signal?.throwIfAborted();
      const split = opened.validation ? 'validation' : (dataset.metadata?.split ?? null);
      return { ...evaluation!, split };
    } finally {
      await evaluator.dispose();
    }
  } finally {
    await opened.close();
  }
}
