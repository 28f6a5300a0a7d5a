import type { InputSpec, Step } from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { BertConfig } from '../model/config.js';
import type { Weights } from '../model/parameters.js';
import { compileModel, type EngineOptions, modelFunction, parameterVariables } from './compile-model.js';
import { predictionStep } from './graphs.js';
import { batchInputs, batchValues, type GraphShape } from './inputs.js';
import type { Trainer } from './trainer.js';

/** Gives the probabilities of every vocabulary id at chosen positions. */
export class Predictor {
  private constructor(private readonly step: Step) {}

  static async create(
    config: BertConfig,
    weights: Weights,
    options: EngineOptions & GraphShape,
  ): Promise<Predictor> {
    const variables = parameterVariables(config, weights);
    return new Predictor(
      await compileModel(
        options,
        modelFunction(predictionStep, config),
        variables,
        predictionInputs(options),
      ),
    );
  }

  /** Predicts with the weights that a trainer has at the time. */
  static async sharing(trainer: Trainer, lengths: readonly number[]): Promise<Predictor> {
    const { config, step } = trainer;
    const options = { ...trainer.options, lengths };
    const variables = parameterVariables(config);
    const fn = modelFunction(predictionStep, config);
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
