import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { albert } from './albert.js';
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { ConfigFields } from './fields.js';
import { type MaskedLanguageModel, type Model, parameterCount, type Vocabulary } from './model.js';
import { modelOf } from './model-of.js';
import { modernbert } from './modernbert.js';
import { camembert, roberta, xlmRoberta } from './roberta.js';

/** All model families: the only list of them. */
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

/** A limit on the size of models: the largest encoders have about 10¹⁰ parameters, too many for one process. */
const mostParameters = 5e9;

/** A model family, whatever the type of its configurations. */
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
      `${fields.source}: a model of ${count.toExponential(1)} parameters, expected at most ${mostParameters.toExponential(0)}; check its sizes`,
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

/** The supported values of `model_type`. */
export const modelTypes = families.map(({ type }) => type);

/**
 * The names of models that `train` can initialize, from `bert-tiny` to `albert-large`; each family's smallest comes
 * first.
 */
export const presetNames = families.flatMap(({ presets }) => presets);

/** Whether a name is one of {@link presetNames}. */
export const isPresetName = (name: string): boolean => presetNames.includes(name);

/**
 * The configuration of a model without weights.
 *
 * @param name one of {@link presetNames}
 * @param vocabularySize number of the tokenizer's ids
 * @param ids ids of its special tokens. Default: 0
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
 * Parses the text of a `config.json`. Fields that have a default in transformers may be missing; the default
 * `model_type` is `bert`.
 *
 * @param source where the text came from, for error messages
 * @throws InputError if it is not the configuration of a supported model
 */
export function parseModel(text: string, source: string): Model {
  const fields = ConfigFields.parse(text, source);
  const type = fields.value('model_type') ?? bert.type;
  const found = families.find((family) => family.type === type);
  if (!found) {
    const expected =
      modelTypes.length === 1 ? JSON.stringify(modelTypes[0]) : `one of ${modelTypes.join(', ')}`;
    throw new InputError(`${source}: model_type is ${shown(type)}, expected ${expected}`);
  }
  return found.model(fields);
}
