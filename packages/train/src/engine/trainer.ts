import type { Executable, VariableSpec } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import { splitBatch } from '../data/split.js';
import { hasDropout, type Model, type Weights } from '../models/model.js';
import { type AdamWOptions, firstMoment, noUpdate, secondMoment, stepScalars } from '../optimizer/adamw.js';
import { Random } from '../random/random.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { freeMemory } from './free-memory.js';
import { gradientSum, trainableParameters, trainingStep } from './graphs.js';
import { batchInputs, batchValues, fixedLength, type GraphOptions, trainingInputs } from './inputs.js';
import { type FailedStep, withFittingRows } from './out-of-memory.js';

/** How to train. `batchSize` is that of a micro-batch: larger batches are divided. */
export interface TrainerOptions extends EngineOptions, Omit<GraphOptions, keyof EngineOptions> {
  optimizer: AdamWOptions;
  /** Micro-batches summed in one optimizer step. */
  gradientAccumulation: number;
  /** Encoder layers, from the bottom, that are frozen together with the embeddings; 0 trains all. */
  frozenLayers: number;
  /** Whether encoder layers are recomputed for their gradients, to save memory. Default: false. */
  checkpointing?: boolean;
  seed: number;
}

/** Holds a model and its optimizer on an engine, and trains it one step at a time. */
export class Trainer {
  private readonly dropoutSeed: number;
  /** Global norm of the last optimizer step's gradients, before clipping. */
  gradientNorm = 0;

  private constructor(
    /** Holds the variables; a graph of another kind can share them. */
    readonly executable: Executable,
    readonly model: Model,
    readonly options: TrainerOptions,
    /** Bytes of the device's memory that were free before the model was loaded. */
    private readonly freeBytes: number | undefined,
  ) {
    this.dropoutSeed = new Random(options.seed).uint32();
  }

  /**
   * Compiles a model for training.
   *
   * @param moments the optimizer's state from an earlier run. Default: zeros
   * @throws InputError if the engine is not set up or lacks the device or the precision
   */
  static async create(
    model: Model,
    weights: Weights,
    options: TrainerOptions,
    moments?: Weights,
  ): Promise<Trainer> {
    const accumulate = options.gradientAccumulation > 1;
    const variables: Record<string, VariableSpec> = parameterVariables(model, weights);
    for (const { name, shape } of trainableParameters(model, options.frozenLayers)) {
      const names = [firstMoment(name), secondMoment(name), ...(accumulate ? [gradientSum(name)] : [])];
      for (const name of names) {
        const value = moments?.get(name);
        variables[name] = { shape, trainable: false, value };
      }
    }
    const { optimizer, frozenLayers, devices } = options;
    const fn = modelFunction(trainingStep, model, {
      optimizer,
      frozenLayers,
      accumulate,
      devices,
      fixedLength: fixedLength(options),
      checkpointing: options.checkpointing,
    });
    const inputs = { ...batchInputs(options), ...trainingInputs(model) };
    const freeBytes = await freeMemory(options.device);
    return new Trainer(await compileModel(options, fn, variables, inputs), model, options, freeBytes);
  }

  /**
   * Takes one optimizer step over all given batches.
   *
   * @param learningRate the step's learning rate
   * @param step the step's number, from 1
   * @returns the loss: mean cross-entropy in nats over all masked positions; 0 if there are none
   */
  async train(batches: readonly Batch[], learningRate: number, step: number): Promise<number> {
    const masked = batches.reduce((sum, batch) => sum + batch.masked, 0);
    const { optimizer, gradientAccumulation, batchSize } = this.options;
    const parts = batches.flatMap((batch) => splitBatch(batch, batchSize, this.model.limits.padId));
    const update = stepScalars(optimizer, learningRate, step);
    let loss = 0;
    for (const [index, batch] of parts.entries()) {
      const scalars = index === parts.length - 1 ? update : noUpdate;
      const inputs = {
        ...batchValues(batch, this.options),
        loss_scale: Float32Array.of(batch.masked === 0 ? 0 : 1 / masked),
        gradient_keep: Float32Array.of(index === 0 ? 0 : 1),
        ...(hasDropout(this.model) && {
          dropout_key: Int32Array.of(this.dropoutSeed, step * gradientAccumulation + index),
        }),
        ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)])),
      };
      const results = await this.executable.run(inputs).catch((error: unknown) => {
        throw withFittingRows(error, this.describe(batch));
      });
      loss += results.loss![0]!;
      this.gradientNorm = results.gradient_norm![0]!;
    }
    return loss;
  }

  private describe({ batch: rows, sequence, masked }: Batch): FailedStep {
    const maskedShare = masked / (rows * sequence);
    const { checkpointing = false, documents = false } = this.options;
    const accumulate = this.options.gradientAccumulation > 1;
    return {
      model: this.model,
      shape: { rows, sequence, maskedShare, accumulate, checkpointing, documents },
      freeBytes: this.freeBytes,
    };
  }

  weights(): Promise<Weights> {
    return this.read(this.model.parameters.map(({ name }) => name));
  }

  /** The optimizer's state. */
  moments(): Promise<Weights> {
    const trainable = trainableParameters(this.model, this.options.frozenLayers);
    return this.read(trainable.flatMap(({ name }) => [firstMoment(name), secondMoment(name)]));
  }

  private async read(names: string[]): Promise<Weights> {
    const values = await this.executable.read(names);
    return new Map(names.map((name) => [name, values[name] as Float32Array]));
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}
