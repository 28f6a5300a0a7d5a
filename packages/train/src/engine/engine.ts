import {
  type CompileOptions,
  compile,
  type InputSpec,
  type Step,
  type StepFunction,
  type VariableSpec,
} from '@mlm/compile';
import type { Batch } from '../data/batch.js';
import type { BertConfig } from '../model/config.js';
import { parameterShapes, type Weights } from '../model/parameters.js';
import { type AdamWOptions, firstMoment, noUpdate, secondMoment, stepScalars } from '../optimizer/adamw.js';
import { evaluationStep, gradientSum, predictionStep, trainableNames, trainingStep } from './graphs.js';
import { batchInputs, batchValues, type GraphShape, trainingScalars } from './inputs.js';

/** What computes the model. */
export interface EngineOptions {
  /** `onnx`: onnxruntime; `eager`: tfjs operation by operation; `tensorflow`: tfjs-node. */
  engine: NonNullable<CompileOptions['target']>;
  device: 'cpu' | 'webgpu' | 'cuda';
  /** Threads of the engine; 0 leaves it to the engine. */
  threads: number;
  precision: 'fp32' | 'bf16';
}

export interface TrainerOptions extends EngineOptions, GraphShape {
  optimizer: AdamWOptions;
  /** Batches that one optimizer step sums up. */
  gradientAccumulation: number;
  frozenLayers: number;
  seed: number;
}

/** Results of a labelled batch. */
export interface Score {
  /** Cross-entropy in nats, summed over the decoded positions. */
  lossSum: number;
  /** Decoded positions whose label was the most probable id. */
  correct: number;
  decoded: number;
}

/** Keeps a model and its optimizer on an engine and trains it, a step at a time. */
export class Trainer {
  private constructor(
    /** Holds the variables; a graph of another kind can share them. */
    readonly step: Step,
    readonly config: BertConfig,
    readonly options: TrainerOptions,
  ) {}

  /** @param moments the optimizer's state of an earlier run; zeros when left out */
  static async create(
    config: BertConfig,
    weights: Weights,
    options: TrainerOptions,
    moments?: Weights,
  ): Promise<Trainer> {
    const accumulate = options.gradientAccumulation > 1;
    const shapes = parameterShapes(config);
    const variables: Record<string, VariableSpec> = parameterVariables(config, weights);
    for (const name of trainableNames(config, options.frozenLayers)) {
      const shape = shapes.get(name)!;
      const names = [firstMoment(name), secondMoment(name), ...(accumulate ? [gradientSum(name)] : [])];
      for (const name of names) {
        const value = moments?.get(name);
        variables[name] = { shape, trainable: false, ...(value && { value }) };
      }
    }
    const { optimizer, frozenLayers } = options;
    const fn = trainingStep(config, { optimizer, frozenLayers, accumulate });
    const inputs = { ...batchInputs(options), ...trainingScalars };
    return new Trainer(await compileFor(options, fn, variables, inputs), config, options);
  }

  /**
   * One optimizer step over all given batches together.
   *
   * @param learningRate of this step
   * @param step number of this step, from 1
   * @returns the loss: mean cross-entropy over all decoded positions; 0 without any
   */
  async train(batches: readonly Batch[], learningRate: number, step: number): Promise<number> {
    const decoded = batches.reduce((sum, batch) => sum + batch.decoded, 0);
    const update = stepScalars(this.options.optimizer, learningRate, step);
    let loss = 0;
    for (const [index, batch] of batches.entries()) {
      const scalars = index === batches.length - 1 ? update : noUpdate;
      const results = await this.step.run({
        ...batchValues(batch),
        loss_scale: Float32Array.of(batch.decoded === 0 ? 0 : 1 / decoded),
        gradient_keep: Float32Array.of(index === 0 ? 0 : 1),
        ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, Float32Array.of(value)])),
      });
      loss += results.loss![0]!;
    }
    return loss;
  }

  weights(): Promise<Weights> {
    return this.read([...parameterShapes(this.config).keys()]);
  }

  /** The optimizer's state. */
  moments(): Promise<Weights> {
    const names = trainableNames(this.config, this.options.frozenLayers);
    return this.read(names.flatMap((name) => [firstMoment(name), secondMoment(name)]));
  }

  private async read(names: string[]): Promise<Weights> {
    const values = await this.step.read(names);
    return new Map(names.map((name) => [name, values[name] as Float32Array]));
  }

  dispose(): Promise<void> {
    return this.step.dispose();
  }
}

/** Scores labelled batches, through a graph without dropout, gradients or optimizer. */
export class Evaluator {
  private constructor(private readonly step: Step) {}

  static async create(
    config: BertConfig,
    weights: Weights,
    options: EngineOptions & GraphShape,
  ): Promise<Evaluator> {
    const variables = parameterVariables(config, weights);
    return new Evaluator(await compileFor(options, evaluationStep(config), variables, batchInputs(options)));
  }

  /** Scores with the weights that a trainer has at the time, without a copy of them. */
  static async sharing(trainer: Trainer, lengths: readonly number[]): Promise<Evaluator> {
    const { config, step } = trainer;
    const options = { ...trainer.options, lengths };
    const variables = parameterVariables(config);
    const fn = evaluationStep(config);
    return new Evaluator(await compileFor(options, fn, variables, batchInputs(options), step));
  }

  async score(batch: Batch): Promise<Score> {
    if (batch.decoded === 0) return { lossSum: 0, correct: 0, decoded: 0 };
    const { loss_sum, correct } = await this.step.run(batchValues(batch));
    return { lossSum: loss_sum![0]!, correct: correct![0]!, decoded: batch.decoded };
  }

  dispose(): Promise<void> {
    return this.step.dispose();
  }
}

/** Gives the probabilities of every vocabulary id at chosen positions. */
export class Predictor {
  private constructor(private readonly step: Step) {}

  static async create(
    config: BertConfig,
    weights: Weights,
    options: EngineOptions & GraphShape,
  ): Promise<Predictor> {
    const variables = parameterVariables(config, weights);
    return new Predictor(await compileFor(options, predictionStep(config), variables, predictionInputs(options)));
  }

  /** Predicts with the weights that a trainer has at the time. */
  static async sharing(trainer: Trainer, lengths: readonly number[]): Promise<Predictor> {
    const { config, step } = trainer;
    const options = { ...trainer.options, lengths };
    const variables = parameterVariables(config);
    const fn = predictionStep(config);
    return new Predictor(await compileFor(options, fn, variables, predictionInputs(options), step));
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

function predictionInputs(shape: GraphShape): Record<string, InputSpec> {
  const { masked_labels: _, ...inputs } = batchInputs(shape);
  return inputs;
}

type Variables = NonNullable<CompileOptions['variables']>;

/** The model's parameters for `compile`; without weights they are zero. */
function parameterVariables(config: BertConfig, weights?: Weights): Record<string, VariableSpec> {
  const entries = [...parameterShapes(config)].map(([name, shape]) => {
    const value = weights?.get(name);
    return [name, { shape, ...(value && { value }) }] as const;
  });
  return Object.fromEntries(entries);
}

function compileFor(
  { engine, device, threads, precision }: EngineOptions,
  fn: StepFunction,
  variables: Variables,
  inputs: Record<string, InputSpec>,
  share?: Step,
): Promise<Step> {
  const options = { variables, inputs, target: engine, device, precision };
  return compile(fn, { ...options, ...(threads > 0 && { threads }), ...(share && { share }) });
}
