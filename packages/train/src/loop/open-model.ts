import type { TokenizerMetadata } from '@mlm/arrow';
import { InputError, mention, OptionError, say } from '@mlm/base/errors';
import { hubIdOfBareName } from '@mlm/tokenize/hub';
import { type Checkpoint, hasWeights, readCheckpoint, readModel } from '../checkpoint/checkpoint.js';
import { findCheckpoint } from '../checkpoint/hub.js';
import { inexactNote } from '../checkpoint/inexact.js';
import { refuseOtherTokenizer } from '../checkpoint/tokenizer.js';
import { isPresetName, presetModel } from '../models/index.js';
import { initializeWeights } from '../models/initialize.js';
import type { Model, Weights } from '../models/model.js';
import type { ResolvedOptions } from './options.js';

/** The model that a run trains, at the run's beginning or continuation. */
export interface OpenedModel {
  checkpoint: Omit<Checkpoint, 'weights'>;
  /** If the run begins with a model from a hub, that model's commit. */
  revision?: string | undefined;
  /** What was initialized afresh or ignored, one line each. */
  notes: readonly string[];
  /** Returns the weights that were read, or initializes them, which takes a while. */
  firstWeights: () => Weights;
}

/**
 * Opens the model: a preset, a checkpoint, a `config.json` alone, or that of the run being continued.
 *
 * @param resumed the checkpoint of the run being continued, whatever that run began with
 * @throws InputError when there is no such model, or it does not match the tokenizer or the options
 */
export async function openModel(
  options: Pick<ResolvedOptions, 'dataset' | 'model' | 'revision' | 'seed' | 'dropout' | 'freezeLayers'>,
  tokenizer: TokenizerMetadata,
  resumed?: Checkpoint,
): Promise<OpenedModel> {
  const { dropout, freezeLayers, seed } = options;
  const started: StartingModel = resumed ?? (await startingModel(options, tokenizer));
  const { model: found, weights, notes = [], revision } = started;
  const model = dropout === undefined ? found : found.withDropout(dropout);
  if (freezeLayers > model.limits.ownLayers) {
    throw new InputError(
      say`${mention('freezeLayers')} is ${freezeLayers}, expected at most ${model.limits.ownLayers}, the layers of the model`,
    );
  }
  return {
    checkpoint: { model, tokenizerFiles: tokenizer.files },
    revision,
    notes,
    firstWeights: () => weights ?? initializeWeights(model, seed),
  };
}

/** Without weights if they are to be initialized. */
interface StartingModel {
  model: Model;
  weights?: Weights;
  notes?: string[];
  revision?: string | undefined;
}

async function startingModel(
  { dataset, model, revision, seed }: Pick<ResolvedOptions, 'dataset' | 'model' | 'revision' | 'seed'>,
  tokenizer: TokenizerMetadata,
): Promise<StartingModel> {
  if (isPresetName(model)) {
    if (revision !== undefined)
      throw new OptionError(
        say`${model}: is a new model, which has no revisions; leave out ${mention('revision')}`,
      );
    const trained = hubIdOfBareName(model);
    return {
      model: presetModel(model, tokenizer.vocabulary_size, tokenizer.special_ids),
      notes: trained
        ? [`${model}: a new model with random weights; the hub has the trained one as ${trained}`]
        : [],
    };
  }
  const { folder, revision: found } = await findCheckpoint(model, { revision });
  if (!(await hasWeights(folder))) return { model: await readModel(folder) };
  const checkpoint = await readCheckpoint(folder, seed);
  refuseOtherTokenizer(dataset, tokenizer, model, checkpoint.tokenizerFiles);
  const note = await inexactNote(folder, checkpoint.model);
  const notes = note ? [...checkpoint.notes, note] : checkpoint.notes;
  return { ...checkpoint, notes, revision: found };
}
