import { checkpoint } from '@mlm/compile';
import type * as tf from '@tensorflow/tfjs-core';
import type { MaskedLanguageModel, Model, ModelTensors, Parameter, ThroughLayer } from './model.js';

/** Real numbers that happen to be whole, for which transformers does not accept integers. */
const wholeReals =
  /("(?:initializer_range|initializer_cutoff_factor|(?:layer_)?norm_eps|\w*rope_theta)": \d+)(?=,?\n)/g;

/** The model of a family with a given configuration. */
export function modelOf<C extends object>(family: MaskedLanguageModel<C>, config: C): Model {
  const parameters = family.parameters(config);
  return {
    type: family.type,
    config: config as Readonly<Record<string, unknown>>,
    parameters,
    limits: family.limits(config),
    dropoutRates: Object.fromEntries(family.dropoutRates.map((name) => [name, config[name] as number])),
    adoption: family.adoption,
    withDropout: (rate) =>
      modelOf(family, {
        ...config,
        ...Object.fromEntries(family.dropoutRates.map((name) => [name, rate])),
      }),
    encode: (tensors, sequences, { dropout, checkpointing = false }) =>
      family.encode(
        config,
        tensors,
        sequences,
        dropout,
        checkpointing
          ? recomputed(parameters, tensors)
          : (_, x, constants, body) => body(x, tensors, constants),
      ),
    head: (tensors, hidden) => family.head(config, tensors, hidden),
    formatConfig() {
      const json = {
        architectures: [family.architecture],
        ...family.format(config),
        model_type: family.type,
        dtype: 'float32',
        torch_dtype: 'float32',
      };
      const sorted = Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
      return `${JSON.stringify(sorted, null, 2)}\n`.replace(wholeReals, '$1.0');
    },
  };
}

/** The input of a layer, and its parameters by name. */
type Inputs = { x: tf.Tensor } & Record<string, tf.Tensor>;

/** Layers that are computed again for their gradients. */
function recomputed(parameters: readonly Parameter[], tensors: ModelTensors): ThroughLayer {
  return (index, x, constants, body) => {
    const own = parameters.filter(({ layer }) => layer === index);
    const inputs: Inputs = { x, ...Object.fromEntries(own.map(({ name }) => [name, tensors[name]!])) };
    const computed = ({ x, ...tensors }: Inputs, kept: typeof constants) => body(x, tensors, kept);
    return checkpoint(computed, inputs, constants);
  };
}
