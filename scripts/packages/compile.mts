// Traces a function with a gradient and an update, compiles it to ONNX and runs it.
import assert from 'node:assert/strict';
import { compile } from '@mlm/compile';
import { losses, mul, sub, variableGrads, zerosLike } from '@tensorflow/tfjs-core';

const step = await compile(
  (variables) => {
    const weight = variables.weight;
    assert(weight);
    const { value: loss, grads } = variableGrads(
      () => losses.meanSquaredError(zerosLike(weight), weight),
      [weight],
    );
    const gradient = grads[weight.name] ?? Object.values(grads)[0];
    assert(gradient);
    weight.assign(sub(weight, mul(gradient, 0.5)));
    return { loss };
  },
  { variables: { weight: { shape: [2], value: Float32Array.of(3, 4) } } },
);
assert.deepEqual([...((await step.run({})).loss ?? [])], [12.5]);
assert.deepEqual([...((await step.read()).weight ?? [])], [1.5, 2]);
await step.dispose();
