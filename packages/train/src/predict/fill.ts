import { InputError } from '@mlm/base/errors';
import { type Given, settingsOf } from '@mlm/base/options';
import { IGNORED_LABEL } from '@mlm/masking';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { findCheckpoint } from '../checkpoint/hub.js';
import { assembleBatch, rowOf } from '../data/batch.js';
import { type Candidate, mostProbable, Predictor } from '../engine/predictor.js';
import type { Limits } from '../models/model.js';
import { engineOptions, fillOptions } from '../options.js';

/** Fills [MASK] with a model's most probable ids. */
export class MaskFiller {
  private constructor(
    private readonly predictor: Predictor,
    private readonly limits: Limits,
  ) {}

  /**
   * Reads a checkpoint and compiles its model.
   *
   * @param checkpoint a checkpoint folder, or an `owner/name` of the hub
   * @param given the engine, onnxruntime on the CPU unless another is named, and the revision of a model from the hub
   * @throws InputError when there is no such checkpoint
   */
  static async open(checkpoint: string, given: Given<typeof fillOptions> = {}): Promise<MaskFiller> {
    const { model, weights } = await readCheckpoint((await findCheckpoint(checkpoint, given)).folder);
    // Two lengths make the graph's sequence length free: sentences come in any.
    const options = {
      ...settingsOf(engineOptions, given),
      batchSize: 1,
      lengths: [1, model.limits.positions],
    };
    return new MaskFiller(await Predictor.create(model, weights, options), model.limits);
  }

  /**
   * @param ids a sequence with its special tokens ([CLS] … [MASK] … [SEP])
   * @param maskId the tokenizer's id of [MASK]
   * @param topK how many candidates for each mask, the most probable first
   * @param isToken the tokenizer's `hasToken`: ids without a token are no candidates. Default: all ids are
   * @returns candidates for each [MASK], in the order of the sequence
   * @throws InputError when there is no [MASK], or the sequence is too long for the model
   */
  async fill(
    ids: ArrayLike<number>,
    maskId: number,
    topK = fillOptions.topK.default,
    isToken?: (id: number) => boolean,
  ): Promise<Candidate[][]> {
    const { positions: longest, vocabulary } = this.limits;
    if (ids.length > longest) {
      throw new InputError(
        `the text has ${ids.length} tokens, the model takes at most ${longest}; shorten it`,
      );
    }
    const input_ids = Int32Array.from(ids);
    if (!input_ids.includes(maskId))
      throw new InputError('the text has no [MASK]; put one where a word is to be guessed');
    if (input_ids.some((id) => id >= vocabulary)) {
      throw new InputError(
        `the tokenizer has ids beyond the model's vocabulary of ${vocabulary}; use the model's own tokenizer`,
      );
    }
    const labels = input_ids.map((id) => (id === maskId ? maskId : IGNORED_LABEL));
    const shape = { batch: 1, sequence: input_ids.length };
    const batch = assembleBatch([rowOf(input_ids, labels)], shape, 0);
    const probabilities = await this.predictor.predict(batch);
    return Array.from({ length: batch.masked }, (_, mask) =>
      mostProbable(probabilities.subarray(mask * vocabulary, (mask + 1) * vocabulary), topK, isToken),
    );
  }

  /** Frees the engine's memory; the filler cannot be used afterwards. */
  dispose(): Promise<void> {
    return this.predictor.dispose();
  }
}
