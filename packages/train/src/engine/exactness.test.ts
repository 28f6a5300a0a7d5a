import { testDevice, testEngines } from '../testing/engines.fixture.js';
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isFrozen } from '../models/model.js';
import { adamWDefaults } from '../optimizer/adamw.js';
import { learningRateAt } from '../optimizer/schedule.js';
import { isKeyBias, readReference, relativeError } from '../testing/reference.fixture.js';
import { Evaluator } from './evaluator.js';
import { maskedLanguageModelLoss } from './graphs.js';
import { batchInputs, batchValues } from './inputs.js';
import { Trainer } from './trainer.js';

const engines = testEngines('eager', 'onnx');
const device = testDevice;
const cases = [
  ...['packed', 'padded', 'three-heads', 'schedule'],
  ...['roberta', 'distilbert', 'modernbert', 'modernbert-biased', 'electra', 'albert'],
];

describe.each(engines)('PyTorch on engine %s', (engine) => {
  const recomputed = ['padded', 'distilbert', 'modernbert', 'albert'].map((name) => [name, true] as const);
  it.each([...cases.map((name) => [name, false] as const), ...recomputed])(
    'has the same loss and gradients: %s, layers computed again: %s',
    async (name, checkpointing) => {
      const { reference, model, weights, gradients, steps } = await readReference(name);
      const variables = Object.fromEntries(
        model.parameters.map(({ name, shape }) => [name, { shape, value: weights.get(name)! }]),
      );
      const shape = { batchSize: reference.rows, lengths: [reference.length] };
      const inputs = { ...batchInputs(shape), loss_scale: { shape: [], dtype: 'float32' } as const };
      const step = await compile(
        (variables, inputs) => {
          const { value, grads } = tf.variableGrads(() =>
            maskedLanguageModelLoss(model, variables, inputs, {
              fixedLength: reference.length,
              checkpointing,
            }),
          );
          const named = model.parameters.map(
            ({ name }) => [`d ${name}`, grads[variables[name]!.name]!] as const,
          );
          return { loss: value, ...Object.fromEntries(named) };
        },
        { variables, inputs, engine, device },
      );
      const masked = steps[0]!.reduce((sum, batch) => sum + batch.masked, 0);
      const loss_scale = Float32Array.of(1 / masked);
      const results = await Promise.all(
        steps[0]!.map((batch) => step.run({ ...batchValues(batch), loss_scale })),
      );
      const loss = results.reduce((sum, result) => sum + result.loss![0]!, 0);
      expect(Math.abs(loss - reference.losses[0]!)).toBeLessThan(1e-5);
      for (const [name, { length }] of weights) {
        // Over the micro-batches of the step, as the reference has it.
        const gradient = new Float32Array(length);
        for (const result of results) {
          for (const [i, part] of (result[`d ${name}`] as Float32Array).entries()) gradient[i]! += part;
        }
        if (isKeyBias(name)) expect(Math.max(...gradient.map(Math.abs)), name).toBeLessThan(1e-7);
        else expect(relativeError(gradient, gradients.get(name)!.values), name).toBeLessThan(1e-4);
      }
      await step.dispose();
    },
  );

  it('local attention in blocks and as a masked square give the same scores', async () => {
    const { reference, model, weights, steps } = await readReference('modernbert');
    const scores = [];
    // Two lengths leave the length of a row free, so that there is no number of blocks.
    for (const lengths of [[reference.length], [5, reference.length]]) {
      const options = { engine, device, threads: 1, precision: 'fp32', batchSize: reference.rows } as const;
      const evaluator = await Evaluator.create(model, new Map(weights), { ...options, lengths });
      scores.push((await evaluator.score(steps[0]![0]!)).lossSum);
      await evaluator.dispose();
    }
    expect(Math.abs(scores[0]! - scores[1]!)).toBeLessThan(1e-4);
  });

  it('micro-batches of one row give the same steps as whole batches, and frozen layers do not change', async () => {
    const { reference, model, weights, steps } = await readReference('padded');
    const trained = async (batchSize: number, frozenLayers: number) => {
      const trainer = await Trainer.create(model, new Map(weights), {
        engine,
        device,
        threads: 1,
        precision: 'fp32',
        batchSize,
        lengths: [reference.length],
        optimizer: adamWDefaults,
        gradientAccumulation: Math.ceil(reference.rows / batchSize),
        frozenLayers,
        seed: 1,
      });
      const losses: number[] = [];
      for (const [index, batches] of steps.slice(0, 3).entries()) {
        losses.push(await trainer.train(batches, 1e-3, index + 1));
      }
      const result = { losses, weights: await trainer.weights() };
      await trainer.dispose();
      return result;
    };
    const whole = await trained(reference.rows, 1);
    const rows = await trained(1, 1);
    for (const [index, loss] of whole.losses.entries()) expect(rows.losses[index]).toBeCloseTo(loss, 5);
    for (const parameter of model.parameters) {
      const { name } = parameter;
      const values = whole.weights.get(name)!;
      if (isFrozen(parameter, 1)) {
        expect(values, name).toEqual(weights.get(name));
        expect(rows.weights.get(name), name).toEqual(weights.get(name));
      } else {
        expect(relativeError(values, weights.get(name)!), name).toBeGreaterThan(1e-6);
        if (!isKeyBias(name)) expect(relativeError(rows.weights.get(name)!, values), name).toBeLessThan(1e-3);
      }
    }
  });

  it.each(cases)('takes the same AdamW steps: %s', async (name) => {
    const { reference, model, weights, trained, steps } = await readReference(name);
    const trainer = await Trainer.create(model, weights, {
      engine,
      device,
      threads: 1,
      precision: 'fp32',
      batchSize: reference.rows,
      lengths: [reference.length],
      optimizer: { ...adamWDefaults, clipNorm: reference.clip },
      gradientAccumulation: steps[0]!.length,
      frozenLayers: 0,
      seed: 1,
    });
    const schedule = {
      name: reference.schedule,
      learningRate: reference.learning_rate,
      warmupSteps: reference.warmup,
      totalSteps: reference.steps,
      decaySteps: 0,
    };
    for (const [index, batches] of steps.entries()) {
      const loss = await trainer.train(batches, learningRateAt(schedule, index), index + 1);
      expect(Math.abs(loss - reference.losses[index]!), `loss of step ${index + 1}`).toBeLessThan(1e-3);
      const norm = trainer.gradientNorm / reference.gradient_norms[index]!;
      expect(Math.abs(norm - 1), `gradient norm of step ${index + 1}`).toBeLessThan(2e-3);
    }
    for (const [name, values] of await trainer.weights()) {
      // Adam amplifies the rounding of gradients that are zero.
      if (isKeyBias(name)) continue;
      expect(relativeError(values, trained.get(name)!.values), name).toBeLessThan(1e-3);
    }
    await trainer.dispose();
  });
});
