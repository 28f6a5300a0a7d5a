import { type Graph, trace } from '@mlm/compile';
import { describe, expect, it } from 'vitest';
import { gradientSum, trainableParameters, trainingStep } from '../engine/graphs.js';
import { batchInputs, trainingInputs } from '../engine/inputs.js';
import { adamWDefaults, firstMoment, secondMoment } from '../optimizer/adamw.js';
import { parseModel } from './index.js';

const LENGTHS = [1024, 2048, 4096, 8192];

describe.each([
  ['rows', false, false],
  ['documents', true, false],
  ['layers that are computed again', false, true],
])('local attention to %s, in a training step', (_, documents, checkpointing) => {
  const graphs = (attention: string) =>
    LENGTHS.map((length) => tracedStep(attention, length, documents, checkpointing));

  it('makes no tensor that grows with the square of the tokens', () => {
    const largest = graphs('sliding_attention').map(largestTensor);
    // Two heads and three windows of 64 keys for each token.
    expect(largest).toEqual(LENGTHS.map((length) => 2 * 3 * 64 * length));
  });

  it('needs memory proportional to the tokens, summed over all tensors', () => {
    const [first = 0, ...sums] = graphs('sliding_attention').map(allTensors);
    for (const [i, sum] of sums.entries()) expect(sum / first).toBeLessThanOrEqual(2 ** (i + 1));
  });

  it('attention to all tokens makes one, in contrast', () => {
    expect(largestTensor(tracedStep('full_attention', 1024, documents, checkpointing))).toBe(2 * 1024 ** 2);
  });
});

/** A training step of modernbert-tiny with a small vocabulary, all layers of which attend alike. */
function tracedStep(attention: string, length: number, documents: boolean, checkpointing: boolean): Graph {
  const model = parseModel(
    JSON.stringify({
      model_type: 'modernbert',
      vocab_size: 100,
      hidden_size: 128,
      intermediate_size: 192,
      num_attention_heads: 2,
      num_hidden_layers: 2,
      layer_types: [attention, attention],
      local_attention: 128,
      pad_token_id: 0,
      max_position_embeddings: 8192,
    }),
    'config.json',
  );
  const variables = Object.fromEntries(
    trainableParameters(model, 0).flatMap(({ name, shape }) => [
      [name, { shape }],
      ...[firstMoment(name), secondMoment(name), gradientSum(name)].map(
        (moment) => [moment, { shape, trainable: false }] as const,
      ),
    ]),
  );
  const shape = { batchSize: 1, lengths: [length], documents };
  const masked = { shape: [100], dtype: 'int32' } as const;
  const options = { optimizer: adamWDefaults, accumulate: true, frozenLayers: 0, checkpointing };
  return trace(trainingStep(model, { ...options, fixedLength: length }), {
    variables,
    inputs: {
      ...batchInputs(shape),
      masked_positions: masked,
      masked_labels: masked,
      ...trainingInputs(model),
    },
  });
}

function elements({ nodes }: Graph): number[] {
  return nodes.flatMap(({ outputs }) =>
    outputs.map(({ shape }) => shape.reduce<number>((count, size) => count * Number(size), 1)),
  );
}

const largestTensor = (graph: Graph) => elements(graph).reduce((most, count) => Math.max(most, count), 0);
const allTensors = (graph: Graph) => elements(graph).reduce((sum, count) => sum + count, 0);
