import type { Executable } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { Model, Weights } from '../models/model.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { evaluationStep } from './graphs.js';
import { batchInputs, batchValues, fixedLength, type GraphShape } from './inputs.js';
import type { Trainer } from './trainer.js';

/** Results of a labelled batch. */
export interface Score {
  /** Cross-entropy in nats, summed over the decoded positions. */
  lossSum: number;
  /** Decoded positions whose label was the most probable id. */
  correct: number;
  decoded: number;
}

/** Scores labelled batches, through a graph without dropout, gradients or optimizer. */
export class Evaluator {
  private constructor(
    private readonly step: Executable,
    private readonly options: Pick<GraphShape, 'engine' | 'xla' | 'devices'>,
  ) {}

  static async create(
    model: Model,
    weights: Weights,
    options: EngineOptions & GraphShape,
  ): Promise<Evaluator> {
    const variables = parameterVariables(model, weights);
    return new Evaluator(
      await compileModel(
        options,
        modelFunction(evaluationStep, model, fixedLength(options), options.devices),
        variables,
        batchInputs(options),
      ),
      options,
    );
  }

  /** Scores with the weights that a trainer has at the time, without a copy of them. */
  static async sharing(trainer: Trainer, lengths: readonly number[]): Promise<Evaluator> {
    const { model, step } = trainer;
    const options = { ...trainer.options, lengths };
    const variables = parameterVariables(model);
    const fn = modelFunction(evaluationStep, model, fixedLength(options), options.devices);
    return new Evaluator(await compileModel(options, fn, variables, batchInputs(options), step), options);
  }

  async score(batch: Batch): Promise<Score> {
    if (batch.decoded === 0) return { lossSum: 0, correct: 0, decoded: 0 };
    const { loss_sum, correct } = await this.step.run(batchValues(batch, this.options));
    return { lossSum: loss_sum![0]!, correct: correct![0]!, decoded: batch.decoded };
  }

  dispose(): Promise<void> {
    return this.step.dispose();
  }
}
