import { checkDataset, type Dataset, openDataset, type TokenizerMetadata } from '@mlm/arrow';
import { checkTokenizerFiles, mention, say } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { dynamicOptions, dynamicSettings } from '@mlm/masking/options';
import { type Checkpoint, hasWeights, readCheckpoint, readModel } from '../checkpoint/checkpoint.js';
import { checkpointFolder } from '../checkpoint/hub.js';
import { inexactNote } from '../checkpoint/inexact.js';
import type { Snapshot } from '../checkpoint/run-folder.js';
import { refuseOtherTokenizer } from '../checkpoint/tokenizer.js';
import { contentHash } from '../data/content.js';
import {
  type DataPlan,
  dynamicRule,
  hasLabels,
  planData,
  refuseMisfit,
  refuseUnlabelled,
} from '../data/dataset.js';
import type { TrainerOptions } from '../engine/trainer.js';
import { isPresetName, presetModel } from '../models/index.js';
import { initializeWeights } from '../models/initialize.js';
import type { Model, Weights } from '../models/model.js';
import { type Schedule, warmupSteps } from '../optimizer/schedule.js';
import { microBatchOf } from './micro-batch.js';
import type { ResolvedOptions } from './options.js';

/** All that a run needs before its first step. */
export interface Setup {
  dataset: Dataset;
  plan: DataPlan;
  tokenizer: TokenizerMetadata;
  /** By which the dataset is known again. */
  content: string;
  /** The held-out part, if there is one. */
  validation: { dataset: Dataset; plan: DataPlan } | undefined;
  checkpoint: Omit<Checkpoint, 'weights'>;
  /** What was drawn anew of the model, or left out, a line each. */
  notes: readonly string[];
  /** Draws the weights, which takes its time, or hands over those that were read. */
  firstWeights: () => Weights;
  schedule: Schedule;
  stepsPerEpoch: number;
  trainer: TrainerOptions;
}

/**
 * Opens dataset and model and holds them against each other.
 *
 * @param resumed of the run that is continued: its model is taken, wherever that began
 */
export async function setUp(options: ResolvedOptions, resumed?: Snapshot): Promise<Setup> {
  const dataset = await openDataset(options.dataset);
  try {
    await checkDataset(dataset);
    return await setUpOn(dataset, options, resumed);
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

async function setUpOn(
  dataset: Dataset,
  options: ResolvedOptions,
  resumed: Snapshot | undefined,
): Promise<Setup> {
  const tokenizer = tokenizerOf(dataset, options.tokenizer);
  const started = resumed?.checkpoint ?? (await startingModel(options, tokenizer));
  const { model: found, weights } = started;
  const model = options.dropout === undefined ? found : found.withDropout(options.dropout);
  const { batchSize, seed, freezeLayers } = options;
  if (freezeLayers > model.limits.ownLayers) {
    throw new InputError(
      say`${mention('freezeLayers')} is ${freezeLayers}, expected at most ${model.limits.ownLayers}, the layers of the model`,
    );
  }
  const changes = dynamicSettings(options);
  const changed = Object.keys(dynamicOptions).find((name) => options[name as keyof typeof dynamicOptions]);
  if (changed && options.masking === 'static') {
    throw new InputError(
      say`${mention(changed)} needs ${mention('masking', 'dynamic')}: static masks are the dataset's own`,
    );
  }
  const rule =
    options.masking === 'dynamic' ? await dynamicRule(dataset, tokenizer, seed, changes) : undefined;
  const common = { batchSize, tokenizer, vocabularySize: model.limits.vocabulary };
  refuseUnlabelled(dataset, rule);
  const plan = await planData(dataset, { ...common, shuffleSeed: seed, ...(rule && { dynamicRule: rule }) });
  refuseMisfit(options.dataset, tokenizer, plan, model);
  const heldOut = dataset.validation;
  const microBatchSize = await microBatchOf(options, {
    dataset,
    plan,
    model,
    state: resumed?.state,
  });
  // Held-out rows keep the masks that they have, so that results can be compared; rows without get some, once.
  const heldOutRule = heldOut && !hasLabels(heldOut) ? rule : undefined;
  const heldOutOptions = {
    ...common,
    batchSize: microBatchSize,
    ...(heldOutRule && { dynamicRule: heldOutRule }),
  };
  const validation =
    heldOut && heldOut.rows > 0
      ? { dataset: heldOut, plan: await planData(heldOut, heldOutOptions) }
      : undefined;
  if (validation) {
    refuseUnlabelled(validation.dataset, heldOutRule);
    refuseMisfit(validation.dataset.path, tokenizer, validation.plan, model);
  }
  if (!validation && options.patience > 0) {
    throw new InputError(
      say`${options.dataset}: has no validation rows, which ${mention('patience')} needs; preprocess with ${mention('evalFraction')}`,
    );
  }
  const stepsPerEpoch = Math.ceil(plan.batchesPerEpoch / options.gradientAccumulation);
  const totalSteps = options.maxSteps > 0 ? options.maxSteps : options.epochs * stepsPerEpoch;
  return {
    dataset,
    plan: { ...plan, epochs: totalSteps / stepsPerEpoch },
    tokenizer,
    content: await contentHash(dataset),
    validation,
    checkpoint: { model, tokenizerFiles: tokenizer.files },
    notes: 'notes' in started ? started.notes : [],
    firstWeights: () => weights ?? initializeWeights(model, seed),
    stepsPerEpoch,
    schedule: {
      name: options.schedule,
      learningRate: options.learningRate,
      warmupSteps: warmupSteps(options.warmup, totalSteps),
      decaySteps: warmupSteps(options.decay, totalSteps),
      totalSteps,
    },
    trainer: {
      engine: options.engine,
      device: options.device,
      threads: options.threads,
      precision: options.precision,
      xla: options.xla,
      devices: options.devices,
      batchSize: microBatchSize,
      gradientAccumulation: options.gradientAccumulation * Math.ceil(batchSize / microBatchSize),
      seed,
      lengths: plan.lengths,
      frozenLayers: freezeLayers,
      checkpointing: options.gradientCheckpointing,
      optimizer: {
        beta1: options.beta1,
        beta2: options.beta2,
        epsilon: options.epsilon,
        weightDecay: options.weightDecay,
        clipNorm: options.clipNorm,
      },
    },
  };
}

function tokenizerOf(dataset: Dataset, given: TokenizerMetadata | undefined): TokenizerMetadata {
  const tokenizer = given ?? dataset.metadata?.tokenizer;
  if (tokenizer) {
    checkTokenizerFiles(tokenizer.files, dataset.path);
    return tokenizer;
  }
  throw new InputError(
    say`${dataset.path}: does not say which tokenizer made it; name it with ${mention('tokenizer')}`,
  );
}

/** Without weights where they are to be drawn. */
async function startingModel(
  { dataset, model, seed }: ResolvedOptions,
  tokenizer: TokenizerMetadata,
): Promise<{ model: Model; weights?: Weights; notes?: string[] }> {
  if (isPresetName(model)) {
    return { model: presetModel(model, tokenizer.vocabulary_size, tokenizer.special_ids) };
  }
  const folder = await checkpointFolder(model);
  if (!(await hasWeights(folder))) return { model: await readModel(folder) };
  const checkpoint = await readCheckpoint(folder, seed);
  refuseOtherTokenizer(dataset, tokenizer, model, checkpoint.tokenizerFiles);
  const note = await inexactNote(folder, checkpoint.model);
  return note ? { ...checkpoint, notes: [...checkpoint.notes, note] } : checkpoint;
}
