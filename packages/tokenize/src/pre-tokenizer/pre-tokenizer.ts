import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import type { ComponentJson } from '../tokenizer/tokenizer-json.js';
import { byteLevel } from './byte-level.js';
import { splitPattern, splitter } from './split.js';

/**
 * Splits normalized text into words for the model; some may be empty.
 * @param first whether the text's first character stems from the first one of the document
 */
export type PreTokenizer = (text: string, first: boolean) => string[];

/**
 * The pre-tokenizer of a tokenizer.json, as Rust tokenizers runs it.
 * @throws InputError for a kind that is not known to give the same words here as in Rust
 */
export function preTokenizer(json: ComponentJson | null | undefined, name: string): PreTokenizer {
  switch (json?.type) {
    case undefined:
      return (text) => [text];
    case 'Sequence': {
      const steps = (json.pretokenizers as ComponentJson[]).map((step) => preTokenizer(step, name));
      return (text, first) =>
        steps.reduce(
          (words, step) => words.flatMap((word, i) => (word === '' ? [] : step(word, first && i === 0))),
          [text],
        );
    }
    case 'ByteLevel':
      return byteLevel(json);
    case 'Metaspace':
      return metaspace(json, name);
    case 'WhitespaceSplit':
      return (text) => text.split(/\p{White_Space}+/u);
    case 'Split':
      return splitter(splitPattern(json, name));
    case 'Digits':
      return digits(json);
    default:
      throw new InputError(`${name}: its pre-tokenizer ${shown(json?.type, '')} is not supported`);
  }
}

/** Whether the words depend on a text's place in the document. */
export function dependsOnStart(json: ComponentJson | null | undefined): boolean {
  if (json?.type === 'Sequence') return (json.pretokenizers as ComponentJson[]).some(dependsOnStart);
  return json?.type === 'Metaspace' && json.prepend_scheme === 'first';
}

/** SentencePiece's words: each space becomes the replacement character, which begins a word. */
function metaspace(json: ComponentJson, name: string): PreTokenizer {
  const mark = json.replacement ?? '▁';
  if (typeof mark !== 'string' || Array.from(mark).length !== 1)
    throw new InputError(`${name}: its Metaspace replaces with ${shown(mark)}, expected one character`);
  const scheme = json.prepend_scheme ?? (json.add_prefix_space === false ? 'never' : 'always');
  if (json.str_rep !== undefined && json.str_rep !== mark)
    throw new InputError(
      `${name}: its Metaspace writes ${mark} as ${shown(json.str_rep)}, which is not supported`,
    );
  return (text, first) => {
    let marked = text.replaceAll(' ', mark);
    const prepends = scheme === 'always' || (scheme === 'first' && first);
    if (prepends && !marked.startsWith(mark)) marked = mark + marked;
    if (json.split === false) return [marked];
    const words = marked.split(mark);
    return words.flatMap((word, i) => (i > 0 ? [mark + word] : word === '' ? [] : [word]));
  };
}

function digits(json: ComponentJson): PreTokenizer {
  // Rust's own numbers, whose Unicode version is as new as Node's.
  const pattern = json.individual_digits === true ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu;
  return (text) => text.match(pattern) ?? [];
}
