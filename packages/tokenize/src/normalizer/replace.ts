import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { type ComponentJson, isObject } from '../tokenizer/tokenizer-json.js';

/** The `Replace` normalizer. */
export function replacement(json: ComponentJson, name: string): (text: string) => string {
  const { content } = json;
  if (typeof content !== 'string')
    throw new InputError(`${name}: the content of its Replace is ${shown(content)}, expected a text`);
  const pattern = patternOf(json, name);
  return (text) => text.replace(pattern, () => content);
}

/** Literal characters, classes and quantifiers that mean the same in Oniguruma and JavaScript. */
const COMMON_SYNTAX = /^(?:(?:[A-Za-z0-9 _▁'"`,;:<>=!@#%&~-]|\\[.\\n\\t\\r])(?:\+|\*|\{\d+(?:,\d*)?\})?)+$/u;

/** Expressions of existing tokenizers, translated to JavaScript. */
const TRANSLATED: Readonly<Record<string, string>> = {
  '\\s{2,}|[\\n\\r\\t]': '\\p{White_Space}{2,}|[\\n\\r\\t]',
};

function patternOf(json: ComponentJson, name: string): RegExp {
  const { String: text, Regex: source } = isObject(json.pattern) ? json.pattern : {};
  if (typeof text === 'string' && text !== '')
    return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  if (typeof source === 'string' && Object.hasOwn(TRANSLATED, source))
    return new RegExp(TRANSLATED[source]!, 'gu');
  if (typeof source !== 'string' || !COMMON_SYNTAX.test(source)) {
    throw new InputError(
      `${name}: the regular expression ${shown(source ?? json.pattern, '')} of its ${shown(json.type, '')} is not supported`,
    );
  }
  return new RegExp(source, 'gu');
}
