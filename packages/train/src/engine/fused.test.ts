import { targets, trace } from '@mlm/compile';
import { expect, it } from 'vitest';
import { presetModel, presetNames } from '../models/index.js';
import { adamWDefaults, firstMoment, secondMoment } from '../optimizer/adamw.js';
import { gradientSum, trainableParameters, trainingStep } from './graphs.js';
import { batchInputs, trainingInputs } from './inputs.js';

// A model's operations are plain tfjs, and some are recognised by their shape: this tells when they no longer are.
const onnx = targets.find(({ name }) => name === 'onnx')!;
const tiny = presetNames.filter((name) => name.includes('-tiny'));

it.each(tiny)('every GELU, normalization and update of a training step runs as one operation: %s', (name) => {
  const model = presetModel(name, 100);
  for (const accumulate of [false, true]) {
    const variables = Object.fromEntries(
      trainableParameters(model, 0).flatMap(({ name, shape }) => [
        [name, { shape }],
        ...[firstMoment(name), secondMoment(name), ...(accumulate ? [gradientSum(name)] : [])].map(
          (moment) => [moment, { shape, trainable: false }] as const,
        ),
      ]),
    );
    const graph = trace(trainingStep(model, { optimizer: adamWDefaults, accumulate, frozenLayers: 0 }), {
      variables,
      inputs: { ...batchInputs({ batchSize: 2, lengths: [16] }), ...trainingInputs(model) },
    });
    expect(graph.nodes.filter(({ op }) => op === 'AdamW')).toHaveLength(trainableParameters(model, 0).length);
    expect(onnx.unfused!(graph)).toEqual([]);
  }
});
