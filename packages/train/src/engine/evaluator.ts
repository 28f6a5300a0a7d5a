import type { Executable } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { Model, Weights } from '../models/model.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { evaluationGraph } from './graphs.js';
import { batchInputs, batchValues, fixedLength, type GraphOptions } from './inputs.js';
import type { Trainer } from './trainer.js';

/** Results of a masked batch. */
export interface Score {
  /** Cross-entropy in nats, summed over the masked positions. */
  lossSum: number;
  /** Masked positions whose label was the most probable id. */
  correct: number;
  masked: number;
}

/** Scores masked batches with a graph that has no dropout, gradients or optimizer. */
export class Evaluator {
  private constructor(
    private readonly executable: Executable,
    private readonly options: Pick<GraphOptions, 'engine' | 'xla' | 'devices'>,
  ) {}

  /**
   * Compiles a model for scoring. @throws InputError if the engine is not set up or lacks the device or the precision
   */
  static create(model: Model, weights: Weights, options: EngineOptions & GraphOptions): Promise<Evaluator> {
    return Evaluator.compile(model, options, weights);
  }

  /** Scores with a trainer's current weights, without copying them. */
  static sharing(
    { model, executable, options }: Trainer,
    shape: Pick<GraphOptions, 'lengths' | 'documents'>,
  ): Promise<Evaluator> {
    return Evaluator.compile(model, { ...options, ...shape }, undefined, executable);
  }

  private static async compile(
    model: Model,
    options: EngineOptions & GraphOptions,
    weights?: Weights,
    share?: Executable,
  ): Promise<Evaluator> {
    const variables = parameterVariables(model, weights);
    const fn = modelFunction(evaluationGraph, model, fixedLength(options), options.devices);
    return new Evaluator(await compileModel(options, fn, variables, batchInputs(options), share), options);
  }

  /** Programs compiled so far; `undefined` unless each shape has its own. */
  get programs(): number | undefined {
    return this.executable.programs;
  }

  /** Scores a batch. @throws OutOfMemoryError if it does not fit into memory */
  async score(batch: Batch): Promise<Score> {
    if (batch.masked === 0) return { lossSum: 0, correct: 0, masked: 0 };
    const { loss_sum, correct } = await this.executable.run(batchValues(batch, this.options));
    return { lossSum: loss_sum![0]!, correct: correct![0]!, masked: batch.masked };
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}
