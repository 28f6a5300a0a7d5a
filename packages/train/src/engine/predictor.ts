import type { Executable } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { Model, Weights } from '../models/model.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { predictionGraph } from './graphs.js';
import { batchInputs, batchValues, fixedLength, type GraphOptions } from './inputs.js';
import type { Trainer } from './trainer.js';

/** Predicts the probabilities of all vocabulary ids at chosen positions. */
export class Predictor {
  private constructor(
    private readonly executable: Executable,
    private readonly model: Model,
    private readonly options: Pick<GraphOptions, 'engine'>,
  ) {}

  /**
   * Compiles a model for prediction. @throws InputError if the engine is not set up or lacks the device or the
   * precision
   */
  static create(model: Model, weights: Weights, options: EngineOptions & GraphOptions): Promise<Predictor> {
    return Predictor.compile(model, options, weights);
  }

  /** Predicts with a trainer's current weights, without copying them. */
  static sharing(
    { model, executable, options }: Trainer,
    shape: Pick<GraphOptions, 'lengths' | 'documents'>,
  ): Promise<Predictor> {
    return Predictor.compile(model, { ...options, ...shape }, undefined, executable);
  }

  private static async compile(
    model: Model,
    { batchSize, lengths, documents, ...engine }: EngineOptions & GraphOptions,
    weights?: Weights,
    share?: Executable,
  ): Promise<Predictor> {
    const shape = { batchSize, lengths, engine: engine.engine, documents };
    const { masked_labels: _, ...inputs } = batchInputs(shape);
    const variables = parameterVariables(model, weights);
    const fn = modelFunction(predictionGraph, model, fixedLength(shape));
    return new Predictor(await compileModel(engine, fn, variables, inputs, share), model, shape);
  }

  /** @returns float32 probabilities [masked, vocabulary], row after row */
  async predict(batch: Batch): Promise<Float32Array> {
    const { masked_labels: _, ...values } = batchValues(batch, this.options);
    const { probabilities } = await this.executable.run(values);
    const count = batch.masked_positions.length * this.model.limits.vocabulary;
    return probabilities!.subarray(0, count) as Float32Array;
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}

/** An id for a [MASK], and its probability according to the model. */
export interface Candidate {
  id: number;
  probability: number;
}

/**
 * The ids of the `count` largest probabilities, largest first.
 *
 * @param isToken whether an id has a token; a vocabulary padded to a round size has ids without one. Default: all have
 */
export function mostProbable(
  probabilities: Float32Array,
  count: number,
  isToken?: (id: number) => boolean,
): Candidate[] {
  const all = Uint32Array.from(probabilities.keys());
  const ids = isToken ? all.filter(isToken) : all;
  ids.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  return Array.from(ids.subarray(0, count), (id) => ({ id, probability: probabilities[id]! }));
}
