import { InputError } from '@mlm/base/errors';
import { bert } from './bert.js';
import { ConfigFields } from './fields.js';
import { type MaskedLanguageModel, type Model, modelOf, parameterCount } from './model.js';

/** All families of models that can be trained: the only list of them. */
const families = [family(bert)] as const;

/** The largest encoders have some 10¹⁰ parameters, which one process does not hold in single precision. */
const mostParameters = 5e9;

/** A family whose configurations need not be known. */
interface Family {
  type: string;
  presets: Readonly<Record<string, object>>;
  model(fields: ConfigFields): Model;
}

function family<C extends object>(definition: MaskedLanguageModel<C>): Family {
  const { type, presets } = definition;
  return {
    type,
    presets,
    model(fields) {
      const model = modelOf(definition, definition.parse(fields));
      const count = parameterCount(model);
      if (count > mostParameters) {
        throw new InputError(
          `${fields.source}: asks for ${count.toExponential(1)} parameters, more than ${mostParameters.toExponential(0)}; check its sizes`,
        );
      }
      return model;
    },
  };
}

/** The values of `model_type` that are known. */
export const modelTypes = families.map(({ type }) => type);

/** The names of models that `train` can start afresh, the smallest of a family first: `bert-tiny` to `bert-base`. */
export const presetNames = families.flatMap(({ presets }) => Object.keys(presets));

export const isPresetName = (name: string): boolean => presetNames.includes(name);

/**
 * A model that starts afresh.
 *
 * @param name one of {@link presetNames}
 * @param vocabularySize ids of the tokenizer
 */
export function presetModel(name: string, vocabularySize: number, padId = 0): Model {
  const found = families.find(({ presets }) => Object.hasOwn(presets, name))!;
  const fields = { ...found.presets[name], vocab_size: vocabularySize, pad_token_id: padId };
  return found.model(new ConfigFields(fields, name));
}

/**
 * Reads the text of a `config.json`. Fields that have a default in transformers may be missing; without a `model_type` it
 * is BERT's.
 *
 * @param source where the text came from, for the error message
 * @throws InputError when it is no model's configuration, or one that cannot be computed here
 */
export function parseModel(text: string, source: string): Model {
  const fields = ConfigFields.parse(text, source);
  const type = fields.value('model_type') ?? bert.type;
  const found = families.find((family) => family.type === type);
  if (!found) {
    const expected =
      modelTypes.length === 1 ? JSON.stringify(modelTypes[0]) : `one of ${modelTypes.join(', ')}`;
    throw new InputError(`${source}: model_type is ${JSON.stringify(type)}, expected ${expected}`);
  }
  return found.model(fields);
}
