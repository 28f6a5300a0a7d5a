import type { Executable, InputSpec } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { Model, Weights } from '../models/model.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { predictionStep } from './graphs.js';
import { batchInputs, batchValues, fixedLength, type GraphShape } from './inputs.js';
import type { Trainer } from './trainer.js';

/** Gives the probabilities of every vocabulary id at chosen positions. */
export class Predictor {
  private constructor(private readonly step: Executable) {}

  static async create(
    model: Model,
    weights: Weights,
    options: EngineOptions & GraphShape,
  ): Promise<Predictor> {
    const variables = parameterVariables(model, weights);
    return new Predictor(
      await compileModel(
        options,
        modelFunction(predictionStep, model, fixedLength(options)),
        variables,
        predictionInputs(options),
      ),
    );
  }

  /** Predicts with the weights that a trainer has at the time. */
  static async sharing(trainer: Trainer, lengths: readonly number[]): Promise<Predictor> {
    const { model, step } = trainer;
    const options = { ...trainer.options, lengths };
    const variables = parameterVariables(model);
    const fn = modelFunction(predictionStep, model, fixedLength(options));
    return new Predictor(await compileModel(options, fn, variables, predictionInputs(options), step));
  }

  /** @returns probabilities [masked, vocabulary], row after row */
  async predict(batch: Batch): Promise<Float32Array> {
    const { masked_labels: _, ...values } = batchValues(batch);
    return (await this.step.run(values)).probabilities as Float32Array;
  }

  dispose(): Promise<void> {
    return this.step.dispose();
  }
}

function predictionInputs({ batchSize, lengths }: GraphShape): Record<string, InputSpec> {
  const { masked_labels: _, ...inputs } = batchInputs({ batchSize, lengths });
  return inputs;
}
