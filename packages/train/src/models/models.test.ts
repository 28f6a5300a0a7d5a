import { InputError } from '@mlm/base/errors';
import { expect, it } from 'vitest';
import { parseModel, presetModel, presetNames } from './index.js';
import { initializeWeights } from './initialize.js';
import { parameterCount } from './model.js';

it('has the sizes of the published models', () => {
  const sizes = presetNames.map((name) => [name, parameterCount(presetModel(name, 30522))]);
  // transformers: sum(p.numel() for p in AutoModelForMaskedLM.from_config(config).parameters()).
  expect(Object.fromEntries(sizes)).toEqual({
    'bert-tiny': 4_416_698,
    'bert-mini': 11_201_594,
    'bert-small': 28_795_194,
    'bert-medium': 41_404_730,
    'bert-base': 109_514_298,
    'bert-large': 335_174_458,
    'roberta-tiny': 4_416_698,
    'roberta-base': 109_514_298,
    'roberta-large': 335_174_458,
    'xlm-roberta-tiny': 4_416_698,
    'xlm-roberta-base': 109_514_298,
    'xlm-roberta-large': 335_174_458,
    'camembert-tiny': 4_416_698,
    'camembert-base': 109_514_298,
    'camembert-large': 335_174_458,
    'distilbert-tiny': 4_416_442,
    'distilbert-base': 66_985_530,
    'modernbert-tiny': 4_512_058,
    'modernbert-base': 134_393_658,
    'modernbert-large': 375_539_514,
    'electra-tiny-generator': 2_430_202,
    'electra-small-generator': 13_546_682,
    'electra-base-generator': 33_740_602,
    'electra-large-generator': 51_295_290,
    'albert-tiny': 2_231_930,
    'albert-base': 11_289_018,
    'albert-large': 16_863_162,
  });
});

it('writes the configuration that it reads', () => {
  const { config } = presetModel('bert-mini', 99, { pad: 7 });
  const model = parseModel(JSON.stringify({ ...config, hidden_act: 'relu' }), 'x');
  expect(parseModel(model.formatConfig(), 'y').config).toEqual({ ...config, hidden_act: 'relu' });
});

it.each(presetNames)('%s reads the config.json that it writes, and keeps its tokenizer’s ids', (name) => {
  const model = presetModel(name, 99, { pad: 5, cls: 6, sep: 7 });
  const written = JSON.parse(model.formatConfig());
  expect(parseModel(model.formatConfig(), 'x').config).toEqual(model.config);
  expect(written).toMatchObject({ model_type: model.type, vocab_size: 99, pad_token_id: 5 });
  expect(written.bos_token_id).toBe(/roberta|camembert|modern/.test(name) ? 6 : undefined);
  expect(model.limits).toMatchObject({ vocabulary: 99, padId: 5 });
  expect(model.limits.positions).toBe(/modern/.test(name) ? 8192 : 512);
  expect(new Set(model.parameters.map(({ name }) => name)).size).toBe(model.parameters.length);
  const dropped = model.withDropout(0.25);
  expect(new Set(Object.values(dropped.dropoutRates))).toEqual(new Set([0.25]));
});

it('ModernBERT’s configuration has the same meaning with either transformers version’s names', () => {
  const common = { model_type: 'modernbert', num_hidden_layers: 5 };
  const old = parseModel(
    JSON.stringify({
      ...common,
      global_attn_every_n_layers: 2,
      global_rope_theta: 1000,
      local_rope_theta: 100,
    }),
    'old',
  );
  const of = (rope_theta: number) => ({ rope_theta, rope_type: 'default' });
  const types = [0, 1, 0, 1, 0].map((local) => (local ? 'sliding_attention' : 'full_attention'));
  const rope_parameters = { full_attention: of(1000), sliding_attention: of(100) };
  const today = parseModel(JSON.stringify({ ...common, layer_types: types, rope_parameters }), 'today');
  expect(today.config).toEqual(old.config);
  expect(JSON.parse(today.formatConfig())).toMatchObject({
    global_attn_every_n_layers: 2,
    rope_parameters,
    layer_types: types,
  });
});

it('a whole-valued real number is written with a decimal point, as transformers requires', () => {
  const text = presetModel('modernbert-tiny', 99).formatConfig();
  expect(text).toContain('"initializer_cutoff_factor": 2.0,');
  expect(text).toContain('"rope_theta": 160000.0,');
  expect(text).toContain('"vocab_size": 99');
  expect(text).toContain('"norm_eps": 0.00001,');
});

it('ModernBERT’s initial weights are cut off where transformers cuts them off', () => {
  const model = presetModel('modernbert-tiny', 200);
  const name = 'model.layers.1.mlp.Wo.weight';
  const values = initializeWeights(model, 1).get(name)!;
  const deviation = 0.02 / Math.sqrt(2 * 4);
  expect(Math.max(...values)).toBeLessThan(2 * deviation);
  expect(Math.max(...values)).toBeGreaterThan(1.9 * deviation);
  // The variance of a normal distribution cut off at two deviations is 0.774 of the whole one's.
  const variance = values.reduce((sum, value) => sum + (value / deviation) ** 2, 0) / values.length;
  expect(variance).toBeCloseTo(0.774, 1);
});

it.each([
  ['{', /not valid JSON/],
  ['{"x":'.repeat(1_000_000), /not valid JSON \(its values are more than 128 deep inside one another\)$/],
  [`{"vocab_size":"${'9'.repeat(1_000_000)}"}`, /vocab_size is "9{59}…, expected a whole number$/],
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
  [
    '{"hidden_size":524288,"num_attention_heads":1,"intermediate_size":524288}',
    /parameters, expected at most/,
  ],
  ['{"hidden_dropout_prob":1}', /hidden_dropout_prob is 1, expected a number from 0 to below 1/],
  [
    '{"model_type":"roberta","max_position_embeddings":2}',
    /max_position_embeddings is 2, expected more than/,
  ],
  ['{"model_type":"distilbert","sinusoidal_pos_embds":true}', /sinusoidal_pos_embds is true/],
  ['{"model_type":"modernbert","layer_types":["full_attention"]}', /layer_types is .* expected 22 of/],
  ['{"model_type":"modernbert","local_attention":7}', /local_attention is 7, expected an even number/],
  ['{"model_type":"modernbert","rope_scaling":{"factor":2}}', /rope_scaling is .*, expected none/],
  [
    '{"model_type":"modernbert","rope_parameters":{"full_attention":{"rope_type":"yarn"}}}',
    /rope_parameters is/,
  ],
  ['{"model_type":"albert","num_hidden_groups":13}', /num_hidden_groups is 13, expected at most/],
  ['{"model_type":{"a":[]}}', /model_type is \{"a":\[\]\}/],
])('refuses %s', (text, message) => {
  expect(() => parseModel(text, 'config.json')).toThrow(message);
  expect(() => parseModel(text, 'config.json')).toThrow(InputError);
});

it('initializes normally distributed weights, the same for the same seed', () => {
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
