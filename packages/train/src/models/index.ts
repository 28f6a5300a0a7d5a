import { InputError } from '@mlm/base/errors';
import { albert } from './albert.js';
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { ConfigFields } from './fields.js';
import { type MaskedLanguageModel, type Model, modelOf, parameterCount, type Vocabulary } from './model.js';
import { modernbert } from './modernbert.js';
import { camembert, roberta, xlmRoberta } from './roberta.js';

/** All families of models that can be trained: the only list of them. */
const families = [
  family(bert),
  family(roberta),
  family(xlmRoberta),
  family(camembert),
  family(distilbert),
  family(modernbert),
  family(electra),
  family(albert),
];

/** The largest encoders have some 10¹⁰ parameters, which one process does not hold in single precision. */
const mostParameters = 5e9;

/** A family whose configurations need not be known. */
interface Family {
  type: string;
  presets: readonly string[];
  preset(name: string, vocabulary: Vocabulary): Model;
  model(fields: ConfigFields): Model;
}

function family<C extends object>(definition: MaskedLanguageModel<C>): Family {
  const { type, presets, afresh } = definition;
  const modelFrom = (fields: ConfigFields) => {
    const model = modelOf(definition, definition.parse(fields));
    const count = parameterCount(model);
    if (count <= mostParameters) return model;
    throw new InputError(
      `${fields.source}: asks for ${count.toExponential(1)} parameters, more than ${mostParameters.toExponential(0)}; check its sizes`,
    );
  };
  return {
    type,
    presets: Object.keys(presets),
    preset: (name, vocabulary) =>
      modelFrom(new ConfigFields({ ...afresh(vocabulary), ...presets[name] }, name)),
    model: modelFrom,
  };
}

/** The values of `model_type` that are known. */
export const modelTypes = families.map(({ type }) => type);

/** The names of models that `train` can start afresh, the smallest of a family first: `bert-tiny` to `albert-large`. */
export const presetNames = families.flatMap(({ presets }) => presets);

export const isPresetName = (name: string): boolean => presetNames.includes(name);

/**
 * A model that starts afresh.
 *
 * @param name one of {@link presetNames}
 * @param vocabularySize ids of the tokenizer
 * @param ids of its special tokens
 *
 * @example
 * ```ts
 * import { presetModel } from '@mlm/train';
 *
 * const model = presetModel('bert-tiny', 30_522);
 * console.log(model.parameters.map(({ name, shape }) => `${name} [${shape}]`));
 * ```
 */
export function presetModel(
  name: string,
  vocabularySize: number,
  { pad = 0, cls = 0, sep = 0 }: Partial<Vocabulary> = {},
): Model {
  const found = families.find(({ presets }) => presets.includes(name))!;
  return found.preset(name, { vocabulary: vocabularySize, pad, cls, sep });
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
