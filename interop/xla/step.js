// A preset's training step, traced as `mlm train` traces it, for a batch of static shape.
import { trace } from '../../packages/compile/dist/index.js';
import { applyPasses } from '../../packages/compile/dist/passes/passes.js';
import { passes, sizedPasses } from '../../packages/compile/dist/targets/xla/target.js';
import { trainingStep } from '../../packages/train/dist/engine/graphs.js';
import { batchInputs, trainingInputs } from '../../packages/train/dist/engine/inputs.js';
import { presetModel } from '../../packages/train/dist/models/index.js';
import { adamWDefaults, firstMoment, secondMoment } from '../../packages/train/dist/optimizer/adamw.js';

const vocabulary = 30522;
const maskedShare = 5 / 32;

export function stepGraph(preset, { batch, sequence, dropout }) {
  const model = presetModel(preset, vocabulary).withDropout(dropout);
  const variables = {};
  for (const { name, shape } of model.parameters) variables[name] = { shape };
  for (const { name, shape } of model.parameters)
    for (const moment of [firstMoment(name), secondMoment(name)])
      variables[moment] = { shape, trainable: false };
  const inputs = {
    ...batchInputs({ batchSize: batch, lengths: [sequence], engine: 'xla' }),
    ...trainingInputs(model),
  };
  const masked = batch * sequence * maskedShare;
  for (const [name, spec] of Object.entries(inputs))
    inputs[name] = { ...spec, shape: spec.shape.map((size) => (size === 'masked' ? masked : size)) };
  const fn = trainingStep(model, {
    optimizer: adamWDefaults,
    accumulate: false,
    frozenLayers: 0,
    devices: 1,
  });
  return applyPasses([...passes, ...sizedPasses], trace(fn, { variables, inputs }));
}
