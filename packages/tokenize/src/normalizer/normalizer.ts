import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import type { ComponentJson } from '../tokenizer/tokenizer-json.js';
import { characterClasses, toNormalForm } from '../unicode/patterns.js';
import { unicodeProperties } from '../unicode/properties.js';
import { precompiledNormalizer } from './precompiled.js';
import { replacement } from './replace.js';

export type Normalizer = (text: string) => string;

/**
 * The normalizer of a tokenizer.json, as Rust tokenizers runs it.
 * @throws InputError for a kind that is not known to give the same text here as in Rust
 */
export function normalizer(json: ComponentJson | null | undefined, name: string): Normalizer {
  switch (json?.type) {
    case undefined:
      return (text) => text;
    case 'Sequence': {
      const steps = (json.normalizers as ComponentJson[]).map((step) => normalizer(step, name));
      return (text) => steps.reduce((done, step) => step(done), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = json.type;
      return (text) => toNormalForm(text, form);
    }
    case 'Lowercase':
      return lowercase;
    case 'StripAccents': {
      const marks = new RegExp(`[${characterClasses.combiningMark()}]`, 'gu');
      return (text) => text.replace(marks, '');
    }
    case 'Strip':
      return strip(json.strip_left !== false, json.strip_right !== false);
    case 'Prepend':
      return (text) => (text === '' ? text : String(json.prepend) + text);
    case 'Replace':
      return replacement(json, name);
    case 'Precompiled':
      return precompiledNormalizer(json.precompiled_charsmap, name);
    default:
      throw new InputError(`${name}: its normalizer ${shown(json?.type, '')} is not supported`);
  }
}

/**
 * Whether the normalized text still begins at the text's start, by the offsets that Rust tokenizers keeps: `Strip`
 * moves them, `Precompiled` does not.
 * @throws InputError for a normalizer whose offsets are not known
 */
export function startKeeper(json: ComponentJson | null | undefined, name: string): (text: string) => boolean {
  const steps = json?.type === 'Sequence' ? (json.normalizers as ComponentJson[]) : json ? [json] : [];
  const [head, ...rest] = steps;
  const strips = head?.type === 'Strip' && head.strip_left !== false;
  for (const step of strips ? rest : steps) {
    if (KEEPING.includes(step.type) || (step.type === 'Replace' && step.content !== '')) continue;
    throw new InputError(
      `${name}: its normalizer ${shown(step.type, '')} with the prepend_scheme "first" of its pre-tokenizer is not supported`,
    );
  }
  return (text) => !strips || !WHITESPACE.test(text[0] ?? '');
}

const KEEPING = ['Precompiled', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase'];

/** One character at a time, so a final sigma becomes a plain one. */
function lowercase(text: string): string {
  const mapping = unicodeProperties().lowercase;
  return text.replace(/\P{Lowercase}/gu, (character) => {
    const lower = mapping.get(character.codePointAt(0)!);
    return lower === undefined ? character : String.fromCodePoint(...lower);
  });
}

function strip(left: boolean, right: boolean): Normalizer {
  return (text) => {
    let start = 0;
    let end = text.length;
    if (left) while (start < end && WHITESPACE.test(text[start]!)) start++;
    if (right) while (end > start && WHITESPACE.test(text[end - 1]!)) end--;
    return text.slice(start, end);
  };
}

const WHITESPACE = /\p{White_Space}/u;
