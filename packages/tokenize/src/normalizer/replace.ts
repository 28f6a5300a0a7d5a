import { InputError } from '@mlm/base/errors';
import type { ComponentJson } from '../tokenizer/tokenizer-json.js';

/** The `Replace` normalizer. */
export function replacement(json: ComponentJson, name: string): (text: string) => string {
  const content = String(json.content);
  const pattern = patternOf(json, name);
  return (text) => text.replace(pattern, () => content);
}

/** Literal characters, classes and quantifiers that mean the same to Oniguruma and here. */
const COMMON_SYNTAX = /^(?:(?:[A-Za-z0-9 _▁'"`,;:<>=!@#%&~-]|\\[.\\n\\t\\r])(?:\+|\*|\{\d+(?:,\d*)?\})?)+$/u;

function patternOf(json: ComponentJson, name: string): RegExp {
  const { String: text, Regex: source } = json.pattern as { String?: string; Regex?: string };
  if (text !== undefined) return new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  if (source === undefined || !COMMON_SYNTAX.test(source)) {
    throw new InputError(`${name}: the regular expression ${source} of its ${json.type} is not supported`);
  }
  return new RegExp(source, 'gu');
}
