import { InputError } from '@mlm/base/errors';
import { expect, it } from 'vitest';
import { parseModel, presetModel, presetNames } from './index.js';
import { initializeWeights } from './initialize.js';
import { parameterCount } from './model.js';

it('has the sizes of the published models', () => {
  const sizes = presetNames.map((name) => parameterCount(presetModel(name, 30522)));
  // transformers: sum(p.numel() for p in BertForMaskedLM(config).parameters()).
  expect(sizes).toEqual([4_416_698, 11_201_594, 28_795_194, 41_404_730, 109_514_298]);
});

it('writes what it reads', () => {
  const { config } = presetModel('bert-mini', 99, 7);
  const model = parseModel(JSON.stringify({ ...config, hidden_act: 'relu' }), 'x');
  expect(parseModel(model.formatConfig(), 'y').config).toEqual({ ...config, hidden_act: 'relu' });
});

it.each([
  ['{', /not valid JSON/],
  ['{"model_type":"gpt2"}', /model_type is "gpt2"/],
  ['{"hidden_act":"silu"}', /hidden_act "silu" is not supported, expected one of gelu/],
  ['{"hidden_size":10,"num_attention_heads":3}', /not a multiple/],
  ['{"vocab_size":"many"}', /vocab_size is "many", expected a whole number/],
  ['{"position_embedding_type":"relative_key"}', /position_embedding_type/],
  ['{"tie_word_embeddings":false}', /tie_word_embeddings is false/],
  ['{"is_decoder":true}', /is_decoder/],
  ['[]', /expected a JSON object/],
  ['5', /expected a JSON object/],
  ['"x"', /expected a JSON object/],
  ['null', /expected a JSON object/],
  ['{"num_hidden_layers":2147483647}', /num_hidden_layers is 2147483647, expected a whole number from 1 to/],
  ['{"vocab_size":-1}', /vocab_size is -1/],
  ['{"hidden_size":1e300}', /hidden_size is 1e\+300/],
  ['{"hidden_size":524288,"num_attention_heads":1,"intermediate_size":524288}', /parameters, more than/],
  ['{"hidden_dropout_prob":1}', /hidden_dropout_prob is 1, expected a number from 0 to below 1/],
  ['{"model_type":{"a":[]}}', /model_type is \{"a":\[\]\}/],
])('refuses %s', (text, message) => {
  expect(() => parseModel(text, 'config.json')).toThrow(message);
  expect(() => parseModel(text, 'config.json')).toThrow(InputError);
});

it('initialises normally distributed weights, the same for the same seed', () => {
  const model = presetModel('bert-tiny', 20);
  const name = 'bert.encoder.layer.1.output.dense.weight';
  const weights = initializeWeights(model, 1);
  expect(initializeWeights(model, 1).get(name)).toEqual(weights.get(name));
  const values = weights.get(name)!;
  expect(initializeWeights(model, 2).get(name)).not.toEqual(values);
  expect(weights.get('bert.encoder.layer.0.output.dense.weight')).not.toEqual(values);
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value / 0.02) ** power, 0) / values.length;
  expect(moment(1)).toBeCloseTo(0, 1);
  expect(moment(2)).toBeCloseTo(1, 1);
  expect(moment(4)).toBeCloseTo(3, 0);
  // Frozen: another generator would change what every seed means.
  expect(Array.from(values.subarray(0, 3))).toMatchInlineSnapshot(`
    [
      0.00837290845811367,
      -0.021873144432902336,
      -0.02061767503619194,
    ]
  `);
});
