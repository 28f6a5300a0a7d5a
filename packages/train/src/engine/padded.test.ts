import { describe, expect, it } from 'vitest';
import type { Weights } from '../models/model.js';
import { adamWDefaults, firstMoment, secondMoment, stepScalars } from '../optimizer/adamw.js';
import { isKeyBias, readReference, relativeError } from '../testing/reference.fixture.js';
import { compileModel, modelFunction, parameterVariables } from './compile-model.js';
import { evaluationGraph, trainingStep } from './graphs.js';
import { batchInputs, batchValues, padMasked, programLimit, trainingInputs } from './inputs.js';

const engine = { engine: 'onnx', device: 'cpu', threads: 1, precision: 'fp32' } as const;

it('masked positions are padded to a few sizes, with weight 0', () => {
  const batch = (masked: number) => ({
    batch: 32,
    sequence: 128,
    input_ids: new Int32Array(0),
    attention_mask: new Float32Array(0),
    masked_positions: new Int32Array(Math.max(1, masked)).fill(7),
    masked_labels: new Int32Array(Math.max(1, masked)).fill(9),
    masked,
    tokens: 4096,
  });
  // 0.15 of 4096, three standard deviations to each side.
  const sizes = new Set<number>();
  for (let masked = 545; masked <= 683; masked++) {
    const padded = padMasked(batch(masked));
    sizes.add(padded.masked_positions.length);
    expect(padded.position_weights.reduce((sum, weight) => sum + weight)).toBe(masked);
    expect(padded.masked_positions.subarray(0, masked)).toEqual(batch(masked).masked_positions);
  }
  expect([...sizes]).toEqual([640, 768]);
  const all = Array.from(
    { length: 32 * 128 + 1 },
    (_, masked) => padMasked(batch(masked)).masked_positions.length,
  );
  expect(new Set(all).size).toBe(programLimit({ lengths: [128] }));
  expect(padMasked(batch(0)).position_weights.every((weight) => weight === 0)).toBe(true);
});

describe('padding changes neither a step nor a score', () => {
  it.each(['padded', 'three-heads'])('%s', async (name) => {
    const { reference, model, weights, steps } = await readReference(name);
    const shape = { batchSize: reference.rows, lengths: [reference.length] };
    const batch = steps[0]![0]!;

    const trained = async (xla: boolean): Promise<{ loss: number; weights: Weights }> => {
      const moments = [...weights].flatMap(([name, { length }]) =>
        [firstMoment(name), secondMoment(name)].map((moment) => [moment, length, name] as const),
      );
      const variables = parameterVariables(model, weights);
      for (const [moment, , name] of moments)
        variables[moment] = { shape: variables[name]!.shape, trainable: false };
      const options = { optimizer: adamWDefaults, frozenLayers: 0, accumulate: false };
      const step = await compileModel(engine, modelFunction(trainingStep, model, options), variables, {
        ...batchInputs({ ...shape, xla }),
        ...trainingInputs(model),
      });
      const scalars = Object.entries(stepScalars(adamWDefaults, 1e-3, 1)).map(
        ([name, value]) => [name, Float32Array.of(value)] as const,
      );
      const { loss } = await step.run({
        ...batchValues(batch, { xla }),
        loss_scale: Float32Array.of(1 / batch.masked),
        gradient_keep: Float32Array.of(0),
        ...Object.fromEntries(scalars),
      });
      const values = await step.read([...weights.keys()]);
      await step.dispose();
      return { loss: loss![0]!, weights: new Map(Object.entries(values)) as Weights };
    };
    const [plain, padded] = [await trained(false), await trained(true)];
    expect(padded.loss).toBeCloseTo(plain.loss, 5);
    for (const [name, values] of plain.weights)
      if (!isKeyBias(name)) expect(relativeError(padded.weights.get(name)!, values), name).toBeLessThan(1e-4);

    const scored = async (xla: boolean) => {
      const inputs = batchInputs({ ...shape, xla });
      const variables = parameterVariables(model, weights);
      const step = await compileModel(engine, modelFunction(evaluationGraph, model), variables, inputs);
      const { loss_sum, correct } = await step.run(batchValues(batch, { xla }));
      await step.dispose();
      return { loss: loss_sum![0]! / batch.masked, correct: correct![0]! };
    };
    const [score, paddedScore] = [await scored(false), await scored(true)];
    expect(paddedScore.loss).toBeCloseTo(score.loss, 5);
    expect(paddedScore.correct).toBe(score.correct);
  });
});
