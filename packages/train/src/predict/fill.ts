import { InputError } from '@mlm/base/errors';
import { type Given, refuseUnknown, settingsOf } from '@mlm/base/options';
import { IGNORED_LABEL } from '@mlm/masking';
import type { Encoder, Tokenizer } from '@mlm/tokenize';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { findCheckpoint } from '../checkpoint/hub.js';
import { assembleBatch, rowOf } from '../data/batch.js';
import { type Candidate, mostProbable, Predictor } from '../engine/predictor.js';
import type { Limits } from '../models/model.js';
import { engineOptions, fillOptions } from '../options.js';

/** A mask of a text, and what the model would put there. */
export interface FilledMask {
  /** Index among the text's tokens, [CLS] being 0. */
  position: number;
  /** The most probable first. */
  answers: MaskAnswer[];
}

/** A token that may stand at a mask. */
export interface MaskAnswer extends Candidate {
  /** The token as it reads in text: `them` for a byte-level `Ġthem`; pieces inside a word keep their `##`. */
  token: string;
  /** The text with this token in place, as the tokenizer spells it; other masks stay. */
  sequence: string;
}

/**
 * Fills [MASK] with a model's most probable tokens.
 *
 * @example
 * ```ts
 * import { MaskFiller } from '@mlm/train';
 *
 * const filler = await MaskFiller.open('out-bert-tiny');
 * const [mask] = await filler.fill('Paris is the [MASK] of France.');
 * for (const { token, probability } of mask!.answers) console.log(token, probability);
 * await filler.dispose();
 * ```
 */
export class MaskFiller {
  /** The tokenizer, loaded with the first text: filling ids does not need it. */
  #reader: ReturnType<typeof readerOf> | undefined;

  private constructor(
    private readonly folder: string,
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
    refuseUnknown(given, fillOptions);
    const { folder } = await findCheckpoint(checkpoint, given);
    const { model, weights } = await readCheckpoint(folder);
    // Two lengths make the graph's sequence length free: sentences come in any.
    const options = {
      ...settingsOf(engineOptions, given),
      batchSize: 1,
      lengths: [1, model.limits.positions],
    };
    return new MaskFiller(folder, await Predictor.create(model, weights, options), model.limits);
  }

  /**
   * Fills the masks of a text, each on its own, with the checkpoint's tokenizer.
   *
   * @param text its masks are `[MASK]` or the tokenizer's own mask token, such as `<mask>`
   * @param topK how many answers for each mask. Default: 5
   * @returns a mask after the other, in the order of the text
   * @throws InputError when there is no mask, the text is too long for the model, or the checkpoint has no tokenizer
   */
  fill(text: string, topK?: number): Promise<FilledMask[]>;
  /**
   * @param ids a sequence with its special tokens ([CLS] … [MASK] … [SEP])
   * @param maskId the tokenizer's id of [MASK]
   * @param topK how many candidates for each mask, the most probable first. Default: 5
   * @param isToken the tokenizer's `hasToken`: ids without a token are no candidates. Default: all ids are
   * @returns candidates for each [MASK], in the order of the sequence
   * @throws InputError when there is no [MASK], or the sequence is too long for the model
   */
  fill(
    ids: ArrayLike<number>,
    maskId: number,
    topK?: number,
    isToken?: (id: number) => boolean,
  ): Promise<Candidate[][]>;
  async fill(
    given: string | ArrayLike<number>,
    second?: number,
    topK?: number,
    isToken?: (id: number) => boolean,
  ): Promise<FilledMask[] | Candidate[][]> {
    if (typeof given === 'string') return this.#fillText(given, second);
    return this.#fillIds(given, second!, topK, isToken);
  }

  async #fillText(text: string, topK?: number): Promise<FilledMask[]> {
    this.#reader ??= readerOf(this.folder);
    const { tokenizer, encoder } = await this.#reader;
    const ids = encodeSequence(tokenizer, encoder, text);
    const { mask } = tokenizer.specialIds;
    const positions = ids.flatMap((id, position) => (id === mask ? [position] : []));
    const candidates = await this.#fillIds(ids, mask, topK, tokenizer.hasToken);
    return candidates.map((answers, index) => {
      const position = positions[index]!;
      return {
        position,
        answers: answers.map(({ id, probability }) => ({
          token: readable(tokenizer, id),
          id,
          probability,
          sequence: tokenizer.decode(ids.with(position, id).slice(1, -1)),
        })),
      };
    });
  }

  async #fillIds(
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

async function readerOf(folder: string): Promise<{ tokenizer: Tokenizer; encoder: Encoder }> {
  const { loadTokenizer } = await import('@mlm/tokenize');
  const tokenizer = await loadTokenizer(folder);
  return { tokenizer, encoder: tokenizer.encoder() };
}

/** [CLS] text [SEP]; the tokenizer's own mask token in the text, or `[MASK]`, stands for what is to be guessed. */
function encodeSequence(tokenizer: Tokenizer, encoder: Encoder, text: string): number[] {
  const { specialIds } = tokenizer;
  const mask = tokenizer.idToToken(specialIds.mask);
  const bytes = new TextEncoder().encode(text.replaceAll('[MASK]', mask));
  const { ids } = encoder.encode(bytes, { document: 'none' });
  if (!ids.includes(specialIds.mask)) {
    const names = mask === '[MASK]' ? mask : `${mask} or [MASK]`;
    throw new InputError(`"${text}": has no ${names}; put one where a word is to be guessed`);
  }
  return [specialIds.cls, ...ids, specialIds.sep];
}

/** A token as it reads in text. White space alone, and pieces inside a word, stay as they are. */
function readable(tokenizer: Tokenizer, id: number): string {
  const token = tokenizer.idToToken(id);
  if (token.startsWith('##')) return token;
  return tokenizer.decode([id]).trim() || token;
}
